"""Scores of many draws and methods: kept line by line, summed up with honest intervals."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from monai_ext.atomic import make_folder
from monai_ext.experiments.corrected_t import corrected_resampled_t
from monai_ext.experiments.metrics import area_under_roc

_COLUMNS = ["draw", "method", "seed", "auc", "found", "tiles", "labels", "scores"]


class ScoreTable:
    """A CSV that grows by one line for each method of a draw; a broken last line is dropped.

    Args:
        path: of the CSV; read if it exists.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        make_folder(self.path.parent)
        self.rows: list[dict[str, str]] = []
        if self.path.exists():
            with self.path.open(newline="") as stream:
                self.rows = [row for row in csv.DictReader(stream) if _is_whole(row)]
        with self.path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, _COLUMNS)
            writer.writeheader()
            writer.writerows(self.rows)

    def has(self, draw: int, method: str, seed: int) -> bool:
        """Whether this line exists."""
        key = [str(draw), method, str(seed)]
        return any([row["draw"], row["method"], row["seed"]] == key for row in self.rows)

    def add(
        self,
        draw: int,
        method: str,
        seed: int,
        labels: ArrayLike,
        scores: ArrayLike,
        found: float = float("nan"),
        tiles: float = float("nan"),
    ) -> float:
        """Append a line.

        Args:
            draw: its number.
            method: its name.
            seed: of the method.
            labels: of the mosaics, 0 or 1.
            scores: of the mosaics.
            found: see :func:`share_found`.
            tiles: see :func:`tile_auc`.

        Returns:
            Its AUC.
        """
        labels, scores = np.asarray(labels), np.asarray(scores, dtype=np.float64)
        two = np.stack([-scores, scores], axis=1)
        auc = float(area_under_roc(labels, two, np.ones((1, len(labels))))[0])
        values = [str(draw), method, str(seed), f"{auc:.6f}", f"{found:.6f}", f"{tiles:.6f}"]
        values += [json.dumps(labels.tolist()), json.dumps(np.round(scores, 6).tolist())]
        self.rows.append(dict(zip(_COLUMNS, values, strict=True)))
        with self.path.open("a", newline="") as stream:
            csv.DictWriter(stream, _COLUMNS).writerow(self.rows[-1])
        return auc

    def by_method(self, column: str = "auc") -> dict[str, dict[tuple[int, int], float]]:
        """AUC, or ``found`` or ``tiles``, by method, then by draw and seed."""
        table: dict[str, dict[tuple[int, int], float]] = {}
        for row in self.rows:
            key = int(row["draw"]), int(row["seed"])
            table.setdefault(row["method"], {})[key] = float(row[column])
        return table


def share_found(images: Tensor | None, truth: Tensor) -> float:
    """Share of the malignant mosaics whose highest image is a malignant one.

    Args:
        images: ``[S, M]``, how much a method looks at each image; None: NaN.
        truth: ``[S, M]``, 1 = malignant.
    """
    if images is None:
        return float("nan")
    highest = truth.gather(1, images.argmax(1, keepdim=True)).squeeze(1)
    return float(highest[truth.any(1)].double().mean())


def tile_auc(tiles: Tensor | None, truth: Tensor) -> float:
    """How well tiles of malignant images are told from the others within a mosaic.

    Args:
        tiles: ``[S, n]``, how much a method looks at each tile; None: NaN.
        truth: ``[S, n]``, 1 = tile of a malignant image.

    Returns:
        Mean over the malignant mosaics of the AUC among their tiles; 0.5 is chance.
    """
    if tiles is None:
        return float("nan")
    each = [
        area_under_roc(np.asarray(y), np.stack([-x, x], 1), np.ones((1, len(x))))[0]
        for x, y in zip(tiles.double().numpy(), truth, strict=True)
        if 0 < int(y.sum()) < len(y)
    ]
    return float(np.mean(each))


class ScoreSummary(NamedTuple):
    """Numbers, and the same as a table."""

    numbers: dict[str, Any]
    markdown: str


def summarise_scores(table: ScoreTable, n_train: int, n_test: int) -> ScoreSummary:
    """Mean AUC, deviation over draws and share found, and the difference of every two methods.

    Differences are paired over the draws that both methods have, with the interval of the
    corrected resampled t-test: draws share patients and are not independent.

    Args:
        table: the scores.
        n_train: mosaics to train on, of a draw.
        n_test: mosaics to test on.
    """
    aucs, shares, tiles = (table.by_method(column) for column in ("auc", "found", "tiles"))
    numbers: dict[str, Any] = {"methods": {}, "differences": []}
    lines = ["| method | draws | AUC | SD | image found | tile AUC |", "| --- " * 6 + "|"]
    for name, of_draw in aucs.items():
        values = np.array(list(of_draw.values()))
        spread = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
        found, tile = (float(np.mean(list(c[name].values()))) for c in (shares, tiles))
        row = {"draws": len(values), "auc": values.mean(), "sd": spread}
        numbers["methods"][name] = row | {"found": found, "tiles": tile}
        shown = ["" if np.isnan(x) else f"{x:.2f}" for x in (found, tile)]
        cells = [name, str(len(values)), f"{values.mean():.3f}", f"{spread:.3f}", *shown]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "| difference | mean | 95 % interval | p |", "| --- | --- | --- | --- |"]
    names = list(aucs)
    for k, first in enumerate(names):
        for second in names[k + 1 :]:
            shared = sorted(aucs[first].keys() & aucs[second].keys())
            if len(shared) < 2:
                continue
            gaps = [aucs[second][key] - aucs[first][key] for key in shared]
            test = corrected_resampled_t(gaps, n_train, n_test)
            row = {"methods": [second, first], "mean": test.mean, "p": test.p}
            numbers["differences"].append(row | {"low": test.low, "high": test.high})
            interval = f"{test.low:+.3f} to {test.high:+.3f}"
            lines.append(f"| {second} - {first} | {test.mean:+.3f} | {interval} | {test.p:.3f} |")
    return ScoreSummary(numbers, "\n".join(lines))


def _is_whole(row: dict[str, str]) -> bool:
    return None not in row.values() and str(row.get("scores", "")).endswith("]")
