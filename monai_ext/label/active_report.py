"""What a measurement of active learning says: curves, and squares needed to come near the full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from monai_ext.errors import CohortError
from monai_ext.experiments.crossed_bootstrap import crossed_means
from monai_ext.experiments.kept_scores import Cells
from monai_ext.experiments.metrics import Array
from monai_ext.experiments.segmentation_grid import SegmentationCell, signed
from monai_ext.label.active_settings import ALL, START
from monai_ext.label.next_square import STRATEGIES
from monai_ext.label.squares_needed import SquaresNeeded, compare_needed

REFERENCE = "random"
_RESAMPLES, _SEED = 2000, 0


@dataclass(frozen=True)
class ActiveCurves:
    """Curves over the seeds whose rounds are all finished.

    Attributes:
        rounds: squares of each round.
        lines: cell of each round by strategy, the shared first round in front.
        full: cells of the rounds in which everything is annotated, from the second round on.
    """

    rounds: tuple[int, ...]
    lines: Mapping[str, tuple[SegmentationCell, ...]]
    full: tuple[SegmentationCell, ...]


def read_curves(cells: Cells) -> ActiveCurves:
    """Put cells of ``squares_NNN`` and a strategy in order.

    Args:
        cells: see ``read_grid``.

    Raises:
        CohortError: if no seed has all rounds of all strategies.
    """
    rounds = sorted({int(data.rpartition("_")[2]) for data, _ in cells})
    names = [f"squares_{count:03d}" for count in rounds]
    first = [(name, START) for name in names[:1]]
    wanted = {one: first + [(name, one) for name in names[1:]] for one in (*STRATEGIES, ALL)}
    keys = {key for line in wanted.values() for key in line}
    seeds = [set(cells[key].seeds) if key in cells else set() for key in keys]
    common = sorted(set.intersection(*seeds)) if len(rounds) > 1 else []
    if not common:
        raise CohortError(
            f"no seed has all of {len(keys)} rounds",
            "curves are of seeds whose rounds are all finished",
            "run the experiment on",
        )
    lines = {one: tuple(_of(cells[key], common) for key in line) for one, line in wanted.items()}
    full = lines.pop(ALL)[1:]
    return ActiveCurves(tuple(rounds), lines, full)


def curve_table(curves: ActiveCurves) -> list[list[str]]:
    """Mean of the reference, differences of the others to it, and the mean with everything."""
    others = [one for one in curves.lines if one != REFERENCE]
    head = ["squares", REFERENCE, *(f"{one} minus {REFERENCE}" for one in others), "all squares"]
    rows = [head]
    for k, count in enumerate(curves.rounds):
        base = curves.lines[REFERENCE][k]
        row = [str(count), str(base.interval())]
        gaps = [curves.lines[one][k].minus(base, by="images") for one in others]
        row += [signed(gap) if k else "" for gap in gaps]
        rows.append([*row, str(curves.full[k - 1].interval()) if k else ""])
    return rows


def needed(curves: ActiveCurves, share: float = 0.95) -> dict[str, SquaresNeeded]:
    """Squares that each strategy needs for a share of the mean with everything annotated.

    Patients and seeds are resampled, the same for all curves.

    Args:
        curves: of the experiment.
        share: of the mean Dice in the last round in which everything is annotated.
    """
    targets = share * _means(curves.full[-1:])[:, 0]
    means = {one: _means(line) for one, line in curves.lines.items()}
    given = (targets, means[REFERENCE])
    return {one: compare_needed(curves.rounds, found, *given) for one, found in means.items()}


def needed_table(found: Mapping[str, SquaresNeeded], last: int) -> list[list[str]]:
    """Rows of a table.

    Args:
        found: see :func:`needed`.
        last: squares of the last round.
    """

    def count(value: float) -> str:
        return f"over {last}" if np.isinf(value) else f"{value:.0f}"

    rows = [["strategy", "first round there", "between rounds", "over random's", "at most half"]]
    for one, each in found.items():
        interval = f"{count(each.between)} [{count(each.low)}, {count(each.high)}]"
        ratio = "n/a" if np.isnan(each.ratio) else f"{each.ratio:.2f}"
        half = "" if one == REFERENCE else f"{each.at_most_half:.0%} of resamples"
        rows.append([one, count(each.first), interval, ratio, half])
    return rows


def _of(cell: SegmentationCell, seeds: Sequence[int]) -> SegmentationCell:
    rows = [cell.seeds.index(seed) for seed in seeds]
    return SegmentationCell(cell.scores[rows], cell.patients, cell.images, tuple(seeds))


def _means(line: Sequence[SegmentationCell]) -> Array:
    """[1 + R, K]: the mean itself, then its resamples, which all cells share."""
    columns = []
    for cell in line:
        drawn = crossed_means(cell.scores, cell.patients, seed=_SEED, resamples=_RESAMPLES)
        columns.append(np.concatenate([[cell.scores.mean()], drawn]))
    return np.stack(columns, axis=1)
