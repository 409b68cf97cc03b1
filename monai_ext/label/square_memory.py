"""What was found of images and squares, for many questions to the same weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from monai_ext.engines.segment_region import Box
from monai_ext.hashing import file_hash
from monai_ext.label.square_scores import SquareScores
from monai_ext.label.stored_image import StoredImage

Places = tuple[list[Box], list[Box]]
Score = tuple[float, NDArray[np.float64]]


@dataclass
class SquareMemory:
    """Squares of each image by what is annotated there, and scores of each square.

    Answers are those without it as long as images and weights stay the same: begin a new one with
    new weights.

    Attributes:
        places: squares of an image that are free, and those that are not.
        scores: of a square of an image.
    """

    places: dict[tuple[str, str, tuple[Box, ...], int | None], Places] = field(default_factory=dict)
    scores: dict[tuple[str, Box], Score] = field(default_factory=dict)

    def placed(self, image: StoredImage, edge_px: int | None, find: Callable[[], Places]) -> Places:
        """The squares of an image; looked for where its annotations have changed."""
        label = "" if image.label is None else file_hash(image.label)
        key = (image.name, label, image.known, edge_px)
        if key not in self.places:
            self.places[key] = find()
        return self.places[key]

    def scored(
        self, name: str, boxes: Sequence[Box], look: Callable[[Sequence[Box]], SquareScores]
    ) -> SquareScores:
        """Scores of squares of an image; only new ones are looked at."""
        if new := [box for box in boxes if (name, box) not in self.scores]:
            found = look(new)
            for k, box in enumerate(new):
                self.scores[name, box] = float(found.entropy[k]), found.vectors[k]
        entropy, vectors = zip(*(self.scores[name, box] for box in boxes), strict=True)
        return SquareScores(np.array(entropy), np.stack(vectors))
