"""Pure tensor functions: the bag tensor, masks, segments, regions, costs, optimal transport."""

from monai_ext.ops.bag_layout import BagParts, pack_bag, pad_bags, unpack_bag
from monai_ext.ops.balanced_pixels import IGNORED, balanced_pixels
from monai_ext.ops.bank_cosine import bank_collapse, bank_cosine
from monai_ext.ops.compact_regions import compact_regions
from monai_ext.ops.costs import cost_matrix
from monai_ext.ops.cutmix import cutmix_boxes, paste_partner
from monai_ext.ops.grid_neighbors import (
    GridNeighbors,
    flatten_neighbors,
    grid_neighbors,
    grid_offsets,
)
from monai_ext.ops.level_window import level_window
from monai_ext.ops.masked import masked_mean, masked_softmax
from monai_ext.ops.neighbor_softmax import neighbor_softmax
from monai_ext.ops.neighbor_sum import neighbor_sum
from monai_ext.ops.prototype_assignment import (
    assign_prototypes,
    prototype_similarity,
    usage_entropy,
)
from monai_ext.ops.random_subset import random_subset
from monai_ext.ops.regions import count_regions, spatial_regions
from monai_ext.ops.segments import segment_counts, segment_mean, segment_softmax, segment_sum
from monai_ext.ops.shuffled_cells import shuffled_cells
from monai_ext.ops.sinkhorn import SinkhornResult, sinkhorn, sinkhorn_fixed
from monai_ext.ops.trusted_pixels import trusted_pixels

__all__ = [
    "IGNORED",
    "BagParts",
    "GridNeighbors",
    "SinkhornResult",
    "assign_prototypes",
    "balanced_pixels",
    "bank_collapse",
    "bank_cosine",
    "compact_regions",
    "cost_matrix",
    "count_regions",
    "cutmix_boxes",
    "flatten_neighbors",
    "grid_neighbors",
    "grid_offsets",
    "level_window",
    "masked_mean",
    "masked_softmax",
    "neighbor_softmax",
    "neighbor_sum",
    "pack_bag",
    "pad_bags",
    "paste_partner",
    "prototype_similarity",
    "random_subset",
    "segment_counts",
    "segment_mean",
    "segment_softmax",
    "segment_sum",
    "shuffled_cells",
    "sinkhorn",
    "sinkhorn_fixed",
    "spatial_regions",
    "trusted_pixels",
    "unpack_bag",
    "usage_entropy",
]
