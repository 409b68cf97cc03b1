"""Handler of MONAI's evaluators: scores, class maps and overlays of segmented images."""

from __future__ import annotations

import csv
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ignite.engine import Engine, Events

from monai_ext.atomic import write_atomically
from monai_ext.errors import CohortError, SettingError
from monai_ext.flags import as_bool
from monai_ext.outputs.class_map import write_class_map
from monai_ext.outputs.outline_overlay import outline_overlay
from monai_ext.outputs.png import write_png
from monai_ext.outputs.rgb_picture import rgb_picture
from monai_ext.outputs.segmentation_item import SegmentationItem, segmentation_items
from monai_ext.outputs.segmentation_row import ScoredClasses, segmentation_row

SCORES_FILE = "scores.csv"
_logger = logging.getLogger(__name__)


class SegmentationScores:
    """Scores every image that an evaluator segments and writes what it was segmented into.

    ``scores.csv`` has one row an image (see ``segmentation_row``), in the order of names, written
    when the run ends; ``predictions/NAME.png`` holds class ids with a palette,
    ``overlays/NAME.png`` the image with both outlines. ``SegmentationSummary`` makes means and
    intervals of the table.

    An item has ``image``, ``label`` [1, H, W] with class ids, ``slide`` (its name), and where
    known ``patient``, ``label_path`` (the original mask) and ``mpp`` (um a pixel of that mask,
    or without one of the label). The network's ``pred`` are logits [C, H, W]: apply no
    post-processing before this handler.

    Args:
        output_dir: folder of all files.
        class_names: in the order of class ids, the background first.
        object_class: id of the class whose 8-connected parts are objects; ``None``: no objects.
        min_object_px: smaller parts are no objects, in truth and prediction.
        ignore_index: label of pixels that take no part.
        at_full_size: score at the size of the original mask, where there is one: logits are
            resized bilinearly. Items are then resized for the network, not cropped.
        pictures: write predictions and overlays.
        value_range: input values that are drawn black and white.
        provenance: id, written into the pictures.
    """

    def __init__(  # noqa: PLR0913  one a config key
        self,
        output_dir: Path | str,
        class_names: Sequence[str],
        *,
        object_class: int | None = 1,
        min_object_px: int = 0,
        ignore_index: int = 255,
        at_full_size: object = True,
        pictures: object = True,
        value_range: tuple[float, float] = (0.0, 255.0),
        provenance: str = "",
    ) -> None:
        self.folder = Path(str(output_dir))
        names = tuple(str(name) for name in class_names)
        self.classes = ScoredClasses(names, object_class, min_object_px, ignore_index)
        self.at_full_size, self.pictures = as_bool(at_full_size), as_bool(pictures)
        self.value_range, self.provenance = (value_range[0], value_range[1]), provenance
        self.rows: dict[str, dict[str, Any]] = {}

    def attach(self, engine: Engine) -> None:
        """Add the handler to an evaluator."""
        engine.add_event_handler(Events.STARTED, self._started)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)
        engine.add_event_handler(Events.COMPLETED, self._completed)

    def __call__(self, engine: Engine) -> None:
        """Score and draw the images of the batch that was evaluated.

        Raises:
            CohortError: for an image that comes twice or has no name.
            SlideError: for an original mask that cannot be read.
            SettingError: for logits of another number of classes, or unknown values in a mask.
        """
        for item in segmentation_items(engine):
            self._check(item)
            truth, predicted = item.truth_and_prediction(at_full_size=self.at_full_size)
            mpp = item.um_a_pixel(tuple(truth.shape))
            scores = segmentation_row(predicted, truth, self.classes, mpp)
            self.rows[item.slide] = {"slide": item.slide, "patient": item.patient} | scores
            if self.pictures:
                self._draw(item, truth, predicted)

    def _started(self, _engine: Engine) -> None:
        self.rows = {}

    def _draw(self, item: SegmentationItem, truth: torch.Tensor, predicted: torch.Tensor) -> None:
        found, name = predicted.numpy(), f"{item.slide}.png"
        write_class_map(self.folder / "predictions" / name, found, provenance=self.provenance)
        size = (int(truth.shape[0]), int(truth.shape[1]))
        image = rgb_picture(item.image, size=size, value_range=self.value_range)
        known = np.where(truth == self.classes.ignore_index, 0, truth)
        picture = outline_overlay(image, known, found)
        write_png(self.folder / "overlays" / name, picture, provenance=self.provenance)

    def _completed(self, _engine: Engine) -> None:
        rows = [self.rows[name] for name in sorted(self.rows)]
        path = self.folder / SCORES_FILE
        with write_atomically(path) as partial, partial.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]) if rows else ["slide", "patient"])
            writer.writeheader()
            writer.writerows(rows)
        for name in self.classes.names:
            if rows and not any(row[f"tp_{name}"] + row[f"fn_{name}"] for row in rows):
                _logger.warning("no image has a true pixel of class %s: check the masks", name)

    def _check(self, item: SegmentationItem) -> None:
        if item.slide in self.rows:
            raise CohortError(
                f"image {item.slide} comes twice", "an image is one item", "mend the datalist"
            )
        if item.logits.ndim != 3 or item.logits.shape[0] != len(self.classes.names):
            raise SettingError(
                f"image {item.slide} has a prediction of shape {tuple(item.logits.shape)}",
                f"it is one map of logits a class, [{len(self.classes.names)}, H, W]",
                "name all classes, and leave out post-processing",
            )
