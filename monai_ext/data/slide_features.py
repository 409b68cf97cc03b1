"""The record that every feature reader fills: the tiles of one slide at one magnification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Source = Literal["monai_ext", "trident", "clam", "stamp"]


@dataclass(frozen=True, kw_only=True)
class FeatureFacts:
    """What a feature file says about itself; ``None`` = the file does not say.

    Attributes:
        slide: name of the slide, its file's stem.
        shape: tiles N and feature width D.
        source: which tool's layout the file has.
        step_px: distance of neighbouring tiles, in ``coords_unit`` (tile size less overlap).
        tile_px: side of a tile as read, in pixels at ``mpp``.
        overlap_px: overlap of neighbouring tiles, in the same pixels as ``tile_px``.
        mpp: um a pixel of the tiles: the effective value of our files, the nominal one of others.
        slide_mpp: um a level-0 pixel.
        grid_level: level of these tiles on the grid that was asked for, 0 = finest.
        encoder_id: TRIDENT's name of the encoder, e.g. ``"uni_v1"``.
        weight_hash: hash of the encoder's weights.
        transform_hash: hash of what is done to a tile before the encoder.
        slide_hash: ``openslide.quickhash-1`` or ours; the same for the same slide file.
        level0_size: width and height of the slide.
        request: the grid that was asked for; ``request_hash`` is its hash.
        request_hash: equal for files of one extraction run's settings.
        coords_unit: ``"px"`` (level 0), or ``"um"`` where the file gives no way to pixels.
        attrs: what else the file holds, as found.
    """

    slide: str
    shape: tuple[int, int] = (0, 0)
    source: Source = "monai_ext"
    step_px: float | None = None
    tile_px: int | None = None
    overlap_px: int | None = None
    mpp: float | None = None
    slide_mpp: float | None = None
    grid_level: int | None = None
    encoder_id: str | None = None
    weight_hash: str | None = None
    transform_hash: str | None = None
    slide_hash: str | None = None
    level0_size: tuple[int, int] | None = None
    request: Mapping[str, Any] | None = None
    request_hash: str | None = None
    coords_unit: Literal["px", "um"] = "px"
    attrs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def magnification(self) -> float | None:
        """Nominal magnification, 10 / mpp rounded to what a folder is named after."""
        return None if self.mpp is None else nominal_magnification(self.mpp)


@dataclass(frozen=True, kw_only=True, eq=False)
class SlideFeatures(FeatureFacts):
    """Features and coordinates of one slide at one magnification.

    Attributes:
        features: float32 ``[N, D]``; may be a read-only map of the file.
        coords: int64 ``[N, 2]``, x and y of the tiles' upper left corners in ``coords_unit``;
            None where the file has none.
    """

    features: np.ndarray
    coords: np.ndarray | None

    def __post_init__(self) -> None:
        rows, width = self.features.shape
        object.__setattr__(self, "shape", (int(rows), int(width)))


def nominal_magnification(mpp: float) -> float:
    """Magnification that ``mpp`` um a pixel is sold as; 20x = 0.5 um.

    That is the nearest of 5 * 2^k, or 10 / mpp itself where that is more than 15 % away.

    Example:
        >>> nominal_magnification(0.2527), nominal_magnification(4.0), nominal_magnification(2 / 3)
        (40.0, 2.5, 15.0)
    """
    nominal = float(5 * 2.0 ** np.round(np.log2(2 / mpp)))
    return nominal if abs(nominal * mpp / 10 - 1) <= 0.15 else round(10 / mpp, 2)
