"""``segmentation.csv``: how much of each class a slide has."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from monai_ext.atomic import write_atomically
from monai_ext.data.label_map import LabelMap
from monai_ext.data.label_runs import LabelPieces

SEGMENTATION_FILE = "segmentation.csv"
_UM2_PER_MM2 = 1e6


class SegmentationTable:
    """Rows by slide; they are on disk after every slide, and those of earlier runs stay.

    Columns: ``slide``, ``status`` (``ok``, or ``empty`` where no tissue was found), ``mpp`` of the
    label map, ``mm2_CLASS`` of what the network was asked about (the background too),
    ``components_CLASS`` and ``components`` (as many as outlines were asked for), ``seconds``,
    ``reader``, ``provenance``.

    Args:
        folder: where the table lies.
        class_names: by label.
    """

    def __init__(self, folder: Path, class_names: Sequence[str]) -> None:
        self.path, self.class_names = folder / SEGMENTATION_FILE, list(class_names)
        self._rows = {row["slide"]: row for row in _read(self.path)}

    @property
    def columns(self) -> list[str]:
        """Header of the table."""
        areas = [f"mm2_{name}" for name in self.class_names]
        counts = [f"components_{name}" for name in self.class_names[1:]]
        after = ["components", "seconds", "reader", "provenance"]
        return ["slide", "status", "mpp", *areas, *counts, *after]

    def provenance(self, slide: str) -> str:
        """The id in a slide's row; empty if there is none."""
        return self._rows.get(slide, {}).get("provenance", "")

    def components(self, slide: str) -> int:
        """How many outlines a slide has; none if it has no row."""
        return int(self._rows.get(slide, {}).get("components") or 0)

    def add(
        self, found: LabelMap, pieces: LabelPieces, outlined: np.ndarray, provenance: str
    ) -> None:
        """Record a slide.

        Args:
            found: its label map.
            pieces: of its runs.
            outlined: those that count.
            provenance: id.
        """
        classes = len(self.class_names)
        seen = np.zeros(classes, np.int64)
        seen[: len(found.seen)] = found.seen
        areas = (seen * found.mpp**2 / _UM2_PER_MM2).tolist()
        counts = np.bincount(pieces.label[outlined], minlength=classes)[1:].tolist()
        values = [found.slide, "ok" if seen.sum() else "empty", f"{found.mpp:.6g}"]
        values += [f"{area:.6g}" for area in areas] + [str(count) for count in counts]
        values += [str(sum(counts)), f"{found.seconds:.1f}", found.reader, provenance]
        self._rows[found.slide] = dict(zip(self.columns, values, strict=True))
        self._write()

    def remove(self, slide: str) -> None:
        """Forget a slide whose results are no longer sound."""
        if self._rows.pop(slide, None) is not None:
            self._write()

    def _write(self) -> None:
        with (
            write_atomically(self.path) as partial,
            partial.open("w", newline="", encoding="utf-8") as out,
        ):
            writer = csv.DictWriter(
                out, self.columns, restval="", extrasaction="ignore", lineterminator="\n"
            )
            writer.writeheader()
            writer.writerows(self._rows[name] for name in sorted(self._rows))


def _read(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return [row for row in csv.DictReader(stream) if row.get("slide")]
