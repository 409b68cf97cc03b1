"""How well images are segmented: by pixels and by objects."""

from monai_ext.metrics.class_overlap import class_dice, class_iou, pixel_counts
from monai_ext.metrics.object_dice import object_dice
from monai_ext.metrics.object_f1 import object_counts, object_f1
from monai_ext.metrics.object_hausdorff import object_hausdorff
from monai_ext.metrics.object_overlap import ObjectOverlap, label_objects

__all__ = [
    "ObjectOverlap",
    "class_dice",
    "class_iou",
    "label_objects",
    "object_counts",
    "object_dice",
    "object_f1",
    "object_hausdorff",
    "pixel_counts",
]
