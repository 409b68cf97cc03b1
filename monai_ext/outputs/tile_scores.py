"""Attention of a slide's tiles, with the places where they lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monai_ext.errors import FeatureError


@dataclass(frozen=True, eq=False, kw_only=True)
class TileScores:
    """One attention value a tile, and the square of level 0 that the tile covers.

    Attributes:
        attention: [N], any scale; only its order within a level is drawn.
        level: [N] int, 0 = finest of the grid.
        row: [N] int, on the grid of its own level.
        col: [N] int.
        corner: [N, 2] x, y of the upper left corner in level-0 px.
        side: [N] float, side of the square in level-0 px; on a grid ``step_px * 2**level``.
        is_on_grid: whether row and col are places; if not, they only number the tiles.
        slide_size: width and height of the slide in level-0 px, where known.
        magnifications: nominal magnification by level, where known.
    """

    attention: NDArray[np.float64]
    level: NDArray[np.int64]
    row: NDArray[np.int64]
    col: NDArray[np.int64]
    corner: NDArray[np.int64]
    side: NDArray[np.float64]
    is_on_grid: bool = True
    slide_size: tuple[int, int] | None = None
    magnifications: Mapping[int, float] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.attention)

    @property
    def levels(self) -> tuple[int, ...]:
        """Levels that have a tile, finest first."""
        return tuple(int(level) for level in np.unique(self.level))

    def edges(self) -> NDArray[np.int64]:
        """Left, top, right and bottom of every tile in level-0 px, [N, 4]."""
        far = np.rint(self.corner + self.side[:, None]).astype(np.int64)
        return np.concatenate([self.corner, far], axis=1)

    def chosen(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> TileScores:
        """The tiles that a mask or indices choose."""
        names = ("attention", "level", "row", "col", "corner", "side")
        return replace(self, **{name: getattr(self, name)[which] for name in names})

    def of_level(self, level: int | None) -> TileScores:
        """Tiles of one level; ``None`` means the finest that has tiles.

        Raises:
            FeatureError: if the slide has no tile of that level.
        """
        if not self.levels or (level is not None and level not in self.levels):
            raise FeatureError(
                "no tile" if level is None else f"no tile of level {level}",
                f"the slide has tiles of levels {list(self.levels)}",
                "choose one of them",
            )
        return self.chosen(self.level == (self.levels[0] if level is None else level))


def tile_scores(
    attention: ArrayLike,
    index: tuple[ArrayLike, ArrayLike, ArrayLike],
    side: ArrayLike,
    *,
    corner: ArrayLike | None = None,
    is_on_grid: bool = True,
    slide_size: tuple[int, int] | None = None,
    magnifications: Mapping[int, float] | None = None,
) -> TileScores:
    """Put the tiles of a bag in their places; padding (level below 0) is left out.

    Args:
        attention: [N].
        index: level, row and column, each [N].
        side: of the tiles in level-0 px, [N] or one number.
        corner: [N, 2] x, y of the upper left corners in level-0 px, with or without those of
            the padding; by default ``(col, row) * side``.
        is_on_grid: whether rows and columns are places on the slide.
        slide_size: width and height of level 0.
        magnifications: nominal magnification by level.

    Raises:
        FeatureError: if lengths differ, a side is not positive or an attention not finite.
    """
    level, row, col = (np.asarray(part).astype(np.int64) for part in index)
    values = np.asarray(attention, dtype=np.float64)
    if values.shape != level.shape:
        raise FeatureError(
            f"{values.shape} attention values for {len(level)} tiles",
            "each tile has one",
            "let explain() give attention [B, N]",
        )
    real = level >= 0
    sides = np.broadcast_to(np.asarray(side, dtype=np.float64), level.shape)[real]
    _check(values[real], sides)
    if corner is None:
        corner = np.stack([col[real], row[real]], axis=1) * sides[:, None]
    return TileScores(
        attention=values[real],
        level=level[real],
        row=row[real],
        col=col[real],
        corner=_real_corners(np.asarray(corner), real),
        side=sides,
        is_on_grid=is_on_grid,
        slide_size=slide_size,
        magnifications=dict(magnifications or {}),
    )


def _check(attention: NDArray[np.float64], side: NDArray[np.float64]) -> None:
    if not np.isfinite(attention).all():
        raise FeatureError(
            f"{int((~np.isfinite(attention)).sum())} attention values are nan or infinite",
            "attention is finite",
            "look at the network's weights and features",
        )
    if not (side > 0).all():
        raise FeatureError(
            "tiles without a side",
            "a tile's place on the slide needs the distance of its neighbours in level-0 px",
            "give --step_px, or features whose file names it",
        )


def _real_corners(corner: NDArray[Any], real: NDArray[np.bool_]) -> NDArray[np.int64]:
    n_real = int(real.sum())
    if corner.shape == (len(real), 2) and len(real) != n_real:
        corner = corner[real]
    if corner.shape != (n_real, 2):
        raise FeatureError(
            f"corners of shape {corner.shape} for {n_real} tiles",
            "each tile has one x and y",
            "extract the features anew",
        )
    return np.rint(corner).astype(np.int64)
