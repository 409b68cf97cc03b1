"""The files of a report on active learning: table, rows of rounds, curves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from monai_ext.atomic import write_atomically
from monai_ext.errors import SettingError
from monai_ext.experiments.kept_scores import keep_scores
from monai_ext.label.active_figure import active_figure
from monai_ext.label.active_grid import read_grid, write_rounds
from monai_ext.label.active_report import curve_table, needed, needed_table, read_curves

TABLE, ROUNDS, FIGURE = "active.md", "active.csv", "active.png"
_END = "active"


def write_report(output: Path | None, kept: Path | None, share: float = 0.95) -> Path:
    """Write a report of the seeds that are finished.

    Args:
        output: folder of the experiment; ``None``: what is kept is reported alone, and rows of
            rounds stay as they are.
        kept: folder of the tables of scores, to which these are added, and of the three files;
            ``None``: they go to ``output``.
        share: of the mean Dice with everything annotated that is to be reached.

    Returns:
        The table.

    Raises:
        SettingError: without any folder, or if ``output`` is no experiment.
        CohortError: if no seed is finished, or kept scores are others.
    """
    folder = kept or output
    if folder is None:
        raise SettingError("neither output nor kept", "a report is of scores", "give --output")
    cells = {} if output is None else read_grid(output)
    if kept is not None:
        cells = keep_scores(cells, kept, _END)
    curves = read_curves(cells)
    if output is not None:
        write_rounds(output, folder / ROUNDS)
    found = needed_table(needed(curves, share), curves.rounds[-1])
    text = "\n".join([*_lines(curve_table(curves)), "", *_lines(found)])
    active_figure(curves, folder / FIGURE, share)
    with write_atomically(folder / TABLE) as partial:
        partial.write_text(text + "\n", encoding="utf-8")
    return folder / TABLE


def _lines(rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in [rows[0], ["---"] * len(rows[0]), *rows[1:]]]
