"""Table of methods and metrics with their intervals, for a terminal or a Markdown file."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan

from monai_ext.errors import SettingError
from monai_ext.experiments.bootstrap import Interval


def results_table(
    results: Mapping[str, Mapping[str, Interval | float]],
    *,
    style: str = "text",
    digits: int = 3,
) -> str:
    """Lay out one row a method and one column a metric.

    Args:
        results: by method, then by metric: an interval, or a bare number. A metric that a
            method lacks, or that is undefined, shows as ``n/a``.
        style: ``text`` (columns aligned by spaces) or ``markdown``.
        digits: after the point.

    Returns:
        The table; ends without a line break.

    Raises:
        SettingError: for another style.

    Example:
        >>> print(results_table({"mean": {"auc": 0.5}, "abmil": {"auc": 0.75}}))
        method  auc
        mean    0.500
        abmil   0.750
    """
    if style not in ("text", "markdown"):
        raise SettingError(f"style={style!r}", "a table is text or markdown", "choose one of them")
    metrics = list(dict.fromkeys(name for row in results.values() for name in row))
    rows = [["method", *metrics]]
    for method, values in results.items():
        rows.append([method, *(_cell(values.get(name), digits) for name in metrics)])
    if style == "markdown":
        rows = [[cell.replace("|", r"\|") for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    if style == "text":
        return "\n".join("  ".join(line).rstrip() for line in lines)
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Interval | float | None, digits: int) -> str:
    number = value.estimate if isinstance(value, Interval) else value
    if number is None or isnan(number):
        return "n/a"
    if not isinstance(value, Interval):
        return f"{number:.{digits}f}"
    return f"{number:.{digits}f} [{value.low:.{digits}f}, {value.high:.{digits}f}]"
