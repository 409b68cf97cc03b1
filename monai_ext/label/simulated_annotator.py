"""Images of a pool whose truth is told square by square."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from monai_ext.data.mask_image import read_mask
from monai_ext.engines.segment_region import Box
from monai_ext.label.stored_image import StoredImage
from monai_ext.label.truth_answer import write_truth


class SimulatedAnnotator:
    """Answers with a file of annotations an image, as a person's client would submit it.

    Args:
        items: of a segmentation datalist: ``slide``, ``image`` and ``label``.
        class_names: by class number.
        folder: of the files.
    """

    def __init__(
        self, items: Sequence[Mapping[str, Any]], class_names: Sequence[str], folder: Path
    ) -> None:
        self._items = {str(item["slide"]): item for item in items}
        self._class_names, self._folder = tuple(class_names), folder
        self._boxes: dict[str, list[Box]] = {}
        self.squares: list[tuple[str, Box]] = []

    @property
    def images(self) -> list[StoredImage]:
        """All images, by name, with what was annotated so far."""
        return [
            StoredImage(
                name, Path(item["image"]), self._file(name) if self._boxes.get(name) else None
            )
            for name, item in sorted(self._items.items())
        ]

    def annotate(self, squares: Iterable[tuple[str, Box]]) -> None:
        """Add squares to what was annotated.

        Args:
            squares: name of an image, and a box on it.

        Raises:
            SlideError: if a mask cannot be read.
        """
        new = list(squares)
        self.squares += new
        for name, box in new:
            self._boxes.setdefault(name, []).append(box)
        for name in sorted({name for name, _ in new}):
            truth = read_mask(self._items[name]["label"])
            write_truth(self._file(name), truth, self._class_names, self._boxes[name])

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.xml"
