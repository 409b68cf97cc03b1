"""Join the magnifications of one slide to one index: level, row, column, parents."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from monai_ext.data.grid_index import OFF_GRID_STEPS, find_parents, grid_index, has_repeats
from monai_ext.data.slide_features import FeatureFacts, SlideFeatures
from monai_ext.errors import FeatureError


@dataclass(frozen=True, eq=False)
class JoinedLevels:
    """The instances of a slide, levels one after another, finest first.

    Attributes:
        level: int64 ``[N]``, level on the grid, 0 = finest of the grid.
        row: int64 ``[N]``, on the grid of the instance's own level.
        col: int64 ``[N]``.
        counts: instances of each given level.
        grid_levels: grid level of each given level, e.g. (0, 1, 2), or (1,) for 10x of 20/10/5.
        step_px: step of grid level 0; None where unknown.
        parents: for each given level but the last int64 ``[N_i]``: index into the next given
            level, -1 = absent.
        num_orphans: instances without parent, for each given level but the last.
        num_childless: instances without a child, for each given level but the first.
        on_grid: whether rows and columns are places on the slide. If not, they only number the
            instances, and nothing spatial may use them.
    """

    level: np.ndarray
    row: np.ndarray
    col: np.ndarray
    counts: tuple[int, ...]
    grid_levels: tuple[int, ...]
    step_px: float | None
    parents: tuple[np.ndarray, ...]
    num_orphans: tuple[int, ...]
    num_childless: tuple[int, ...]
    on_grid: bool


def join_levels(levels: Sequence[SlideFeatures], *, is_spatial: bool = True) -> JoinedLevels:
    """Place every tile of every level on one grid.

    Tiles are cells of ``step * 2^level``; a tile's parent is the cell that covers it. A missing
    parent or child is recorded as absent, never made up.

    Args:
        levels: one slide, finest first.
        is_spatial: refuse what has no place on a grid. False suits methods that look at the
            features only (mean, ABMIL); instances without a place are then numbered.

    Raises:
        FeatureError: if the files belong to different slides; and, where ``is_spatial``: no
            coordinates, no step, overlap with several levels, steps that are not 2^k apart,
            coordinates off the grid, two tiles on one cell.
    """
    _require_one_slide(levels)
    try:
        depths = grid_levels(levels)
        cells = [_cells(item) for item in levels]
    except FeatureError:
        if is_spatial:
            raise
        return _numbered(levels)
    parents = tuple(
        find_parents(fine, coarse, upper - lower)
        for (fine, lower), (coarse, upper) in itertools.pairwise(zip(cells, depths, strict=True))
    )
    counts = tuple(len(cell) for cell in cells)
    column, row = np.concatenate(cells).T
    return JoinedLevels(
        level=np.repeat(np.array(depths), counts),
        row=row,
        col=column,
        counts=counts,
        grid_levels=depths,
        step_px=_step(levels[0]) / 2 ** depths[0],
        parents=parents,
        num_orphans=tuple(int((parent < 0).sum()) for parent in parents),
        num_childless=tuple(
            count - len(np.unique(parent[parent >= 0]))
            for count, parent in zip(counts[1:], parents, strict=True)
        ),
        on_grid=True,
    )


def _require_one_slide(levels: Sequence[SlideFeatures]) -> None:
    if not levels:
        raise FeatureError("no feature file", "a slide has at least one level", "list its files")
    for name in ("slide_hash", "level0_size", "coords_unit"):
        found = {getattr(item, name) for item in levels} - {None}
        if len(found) > 1:
            raise FeatureError(
                f"the levels of slide {levels[0].slide!r} differ in {name}: "
                f"{sorted(map(str, found))}",
                "all levels come from one slide file",
                "extract the slide again, or list the files of one slide",
            )


def _step(item: FeatureFacts) -> float:
    if item.step_px is None or item.step_px <= 0:
        raise FeatureError(
            f"the features of slide {item.slide!r} do not say how far their tiles are apart",
            "a grid needs the distance of neighbouring tiles in level-0 pixels",
            "give --step_px",
        )
    return item.step_px


def grid_levels(levels: Sequence[FeatureFacts]) -> tuple[int, ...]:
    """Level of each file on the grid.

    Steps give the distances; our record says which level the finest file is, else it is 0.

    Raises:
        FeatureError: if a step is missing or not 2^k times the first, or tiles overlap.
    """
    steps = [_step(item) for item in levels]
    if len(levels) > 1:
        _require_no_overlap(levels)
    base = levels[0].grid_level or 0
    depths = [math.log2(step / steps[0]) for step in steps]
    exact = all(
        steps[0] * 2 ** round(depth) == step for depth, step in zip(depths, steps, strict=True)
    )
    if not exact or any(b <= a for a, b in itertools.pairwise(depths)):
        raise FeatureError(
            f"the levels of slide {levels[0].slide!r} have steps of {steps} level-0 pixels",
            "levels join when their steps are exactly 2, 4, 8, ... apart, finest first",
            "extract again with magnifications a power of two apart and the same tile size",
        )
    return tuple(base + round(depth) for depth in depths)


def _require_no_overlap(levels: Sequence[FeatureFacts]) -> None:
    overlaps = [item.overlap_px for item in levels if item.overlap_px]
    if overlaps:
        raise FeatureError(
            f"the levels of slide {levels[0].slide!r} have overlapping tiles ({overlaps} px)",
            "levels join when tiles do not overlap",
            "extract again with overlap 0, or use one level",
        )


def _cells(item: SlideFeatures) -> np.ndarray:
    """Column and row of every tile, ``[N, 2]``."""
    if item.coords is None:
        raise FeatureError(
            f"the features of slide {item.slide!r} have no coordinates",
            "a method that looks at places needs coordinates",
            "give .h5 files with coords, or use a method that needs none",
        )
    cells, error = grid_index(item.coords, _step(item), is_drifting=item.source == "stamp")
    if error > OFF_GRID_STEPS:
        raise FeatureError(
            f"coordinates of slide {item.slide!r} lie up to {error:.2f} steps of "
            f"{item.step_px:g} px off the grid",
            f"tiles lie on a grid from pixel (0, 0), within {OFF_GRID_STEPS} step",
            "extract again without overlap or offset, check --step_px, or use a method that does "
            "not look at places",
        )
    if len(cells) and cells.min() < 0:
        raise FeatureError(
            f"slide {item.slide!r} has negative coordinates",
            "tiles lie right of and below pixel (0, 0)",
            "extract this slide again",
        )
    if has_repeats(cells):
        raise FeatureError(
            f"slide {item.slide!r} has two tiles in one cell of its grid",
            "a cell holds one tile",
            "check --step_px, or extract this slide again",
        )
    return cells


def _numbered(levels: Sequence[SlideFeatures]) -> JoinedLevels:
    """Instances without a place: row 0, counted along the columns; no parents."""
    counts = tuple(len(item.features) for item in levels)
    columns = np.concatenate([np.arange(count) for count in counts])
    return JoinedLevels(
        level=np.repeat(np.arange(len(levels)), counts),
        row=np.zeros_like(columns),
        col=columns,
        counts=counts,
        grid_levels=tuple(range(len(levels))),
        step_px=None,
        parents=tuple(np.full(count, -1, np.int64) for count in counts[:-1]),
        num_orphans=counts[:-1],
        num_childless=counts[1:],
        on_grid=False,
    )
