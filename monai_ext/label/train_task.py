"""Training of a served segmenter as MONAI Label knows trainings."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monailabel.interfaces.datastore import DefaultLabelTag
from monailabel.interfaces.tasks.train import TrainTask

from monai_ext.label.fine_tune import OPEN, fine_tune, read_choices
from monai_ext.label.served_segmenter import ServedSegmenter
from monai_ext.label.slide_patches import with_patches
from monai_ext.label.stored_image import StoredImage


class SegmentTrainTask(TrainTask):
    """Runs in a process of its own, which ``DELETE /train/`` ends.

    Args:
        name: of the model.
        served: the model.
        work: folder of trainings.
    """

    def __init__(self, name: str, served: ServedSegmenter, work: Path) -> None:
        super().__init__(f"Train {name} on with annotations and with images that have none")
        self.served, self.work = served, work

    def config(self) -> dict[str, Any]:
        """What a client may choose."""
        return dict(OPEN)

    def __call__(self, request: Mapping[str, Any], datastore: Any) -> dict[str, Any]:
        """Train on all final annotations of the server."""
        choices = read_choices(request)
        folder = self.work / time.strftime("%Y%m%d-%H%M%S")
        return fine_tune(self.served, stored_images(datastore), folder, choices)


def stored_images(datastore: Any) -> list[StoredImage]:
    """Images of a MONAI Label datastore with their final annotations, by name."""
    return with_patches([_stored(name, datastore) for name in sorted(datastore.list_images())])


def _stored(name: str, datastore: Any) -> StoredImage:
    label = datastore.get_label_by_image_id(name, DefaultLabelTag.FINAL)
    path = datastore.get_label_uri(label, DefaultLabelTag.FINAL) if label else ""
    return StoredImage(name, Path(datastore.get_image_uri(name)), Path(path) if path else None)
