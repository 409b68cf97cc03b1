"""One slide on its way to feature files."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from monai_ext.engines.extraction_coords import write_tile_coords
from monai_ext.engines.extraction_settings import ExtractionSettings
from monai_ext.engines.extraction_stream import LevelEnd, Tiles
from monai_ext.engines.extraction_tissue import write_tissue
from monai_ext.errors import SlideError
from monai_ext.flags import as_path

Encode = Callable[[Any], torch.Tensor]


class SlideWork:
    """Gathers the features of the level that is being read, and writes it when it is whole.

    Args:
        item: the prepared slide.
        given: what the user gave for it.
        encode: tiles to features.
        save: takes one level.
    """

    def __init__(
        self,
        item: Mapping[str, Any],
        given: Mapping[str, Any],
        encode: Encode,
        save: Callable[[Mapping[str, Any]], Any],
    ) -> None:
        self.item, self.given, self.encode, self.save = item, given, encode, save
        self.started = time.perf_counter()
        self.encoded = 0
        self._features: np.ndarray | None = None
        self._filled = 0

    @property
    def counts(self) -> list[int]:
        """Tiles a level."""
        return [len(level) for level in self.item["grid"].levels]

    @property
    def seconds(self) -> float:
        """Since the slide was opened."""
        return time.perf_counter() - self.started

    def write_before_features(self, settings: ExtractionSettings) -> None:
        """Write tissue (the own one) and, past that stage, tile coordinates."""
        slide, reader = self.item["slide"], self.item["reader"]
        if as_path(settings.tissue_dir) is None:
            write_tissue(settings.output, slide, self.item["tissue"])
        if settings.stage != "tissue":
            write_tile_coords(settings.output, slide, reader.info, self.item["grid"])

    def take(self, tiles: Tiles) -> int:
        """Encode a batch; returns the number of tiles."""
        rows = self.encode(tiles.pixels).cpu().numpy()
        if self._features is None:
            self._features = np.empty((self.counts[tiles.level], rows.shape[1]), np.float32)
            self._filled = 0
        self._features[tiles.index] = rows
        self._filled += len(rows)
        self.encoded += len(rows)
        return len(rows)

    def finish(self, end: LevelEnd, embed_dim: int) -> None:
        """Write the level.

        Raises:
            SlideError: if the reader gave fewer tiles than the grid has.
        """
        features = self._features
        if features is None:
            features, self._filled = np.empty((0, embed_dim), np.float32), 0
        if self._filled != (wanted := self.counts[end.level]):
            raise SlideError(
                f"slide {self.item['slide']}: {self._filled} of {wanted} tiles read",
                "every kept tile is read",
                "use --reader openslide",
            )
        self._features = None
        values = {"level": end.level, "features": features, "given": self.given}
        self.save({**self.item, **values})
