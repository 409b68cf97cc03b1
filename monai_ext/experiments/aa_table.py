"""Rates of a campaign, with binomial intervals, as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from monai_ext.experiments.aa_campaign import Outcome, Pair


@dataclass(frozen=True)
class Rate:
    """A share of pairs with its Wilson interval.

    Attributes:
        share: of the pairs.
        low: lower end, 95 %.
        high: upper end.
    """

    share: float
    low: float
    high: float


@dataclass(frozen=True)
class CampaignRow:
    """One procedure in one case.

    Attributes:
        case: what was drawn.
        what: ``difference`` or ``mean``, and its true value where it is known.
        procedure: its name.
        pairs: how many.
        rejects: pairs with p < 0.05; None for a procedure without p.
        covers: pairs whose interval holds the truth; None without an interval or a known truth.
        width: mean half-width by 1.96 standard deviations over the pairs: 1 is ideal.
    """

    case: str
    what: str
    procedure: str
    pairs: int
    rejects: Rate | None
    covers: Rate | None
    width: float | None


def wilson(hits: int, number: int) -> Rate:
    """A binomial share with its 95 % Wilson interval.

    Reference:
        E. Wilson, Probable inference, the law of succession, and statistical inference, JASA 1927.

    Example:
        >>> rate = wilson(5, 100)
        >>> round(rate.low, 4), round(rate.high, 4)
        (0.0215, 0.1118)
    """
    share, z2 = hits / number, 1.959963984540054**2
    middle = (share + z2 / (2 * number)) / (1 + z2 / number)
    reach = z2**0.5 * np.sqrt(share * (1 - share) / number + z2 / (4 * number**2))
    reach = float(reach / (1 + z2 / number))
    return Rate(share, max(0.0, middle - reach), min(1.0, middle + reach))


def campaign_rows(
    case: str, pairs: Sequence[Pair], *, true_gap: float | None, true_mean: float | None
) -> list[CampaignRow]:
    """Sum up one case.

    Args:
        case: its name.
        pairs: what was found.
        true_gap: the true difference; None where it is not known (then nothing is covered).
        true_mean: the true mean score, likewise.
    """
    gaps, means = [pair.gap for pair in pairs], [pair.mean for pair in pairs]
    return [
        *_rows(case, "difference", pairs, lambda pair: pair.of_gap, true_gap, gaps),
        *_rows(case, "mean", pairs, lambda pair: pair.of_mean, true_mean, means),
    ]


def _rows(
    case: str,
    what: str,
    pairs: Sequence[Pair],
    outcomes: Callable[[Pair], Sequence[Outcome]],
    truth: float | None,
    found: Sequence[float],
) -> Iterator[CampaignRow]:
    label = (
        what
        if truth is None
        else f"{what} {truth:+.3f}"
        if what == "difference"
        else (f"{what} {truth:.3f}")
    )
    spread = float(np.std(found, ddof=1))
    names = dict.fromkeys(o.procedure for pair in pairs for o in outcomes(pair))
    for name in names:
        each = [o for pair in pairs for o in outcomes(pair) if o.procedure == name]
        has_p, has_ends = not np.isnan(each[0].p), not np.isnan(each[0].low)
        covered = [o.low <= truth <= o.high for o in each] if truth is not None else []
        reach = float(np.mean([o.high - o.low for o in each])) / 2
        yield CampaignRow(
            case,
            label,
            name,
            len(each),
            wilson(sum(o.p < 0.05 for o in each), len(each)) if has_p else None,
            wilson(sum(covered), len(each)) if has_ends and covered else None,
            reach / (1.96 * spread) if has_ends and spread > 0 else None,
        )


def campaign_markdown(rows: Sequence[CampaignRow]) -> str:
    """Three tables, a row a case and a column a procedure, shares in per cent.

    Rejections of differences; coverage of differences and, third, of means, each followed by the
    interval's half-width over the ideal one.
    """
    differences = [row for row in rows if row.what.startswith("difference")]
    means = [row for row in rows if row.what.startswith("mean") and row.covers is not None]
    tables = [
        _pivot(differences, "rejects at 5 %", lambda row: _percent(row.rejects)),
        _pivot([r for r in differences if r.covers], "covers at 95 %", _covered),
        _pivot(means, "covers at 95 %", _covered),
    ]
    return "\n\n".join(tables)


def _pivot(rows: Sequence[CampaignRow], title: str, show: Callable[[CampaignRow], str]) -> str:
    procedures = list(dict.fromkeys(row.procedure for row in rows))
    cells = [[title, "truth", *procedures], ["---"] * (2 + len(procedures))]
    for case, what in dict.fromkeys((row.case, row.what) for row in rows):
        shown = {r.procedure: show(r) for r in rows if (r.case, r.what) == (case, what)}
        cells.append([case, what.split()[-1], *(shown.get(name, "") for name in procedures)])
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def _covered(row: CampaignRow) -> str:
    return _percent(row.covers) + ("" if row.width is None else f"; {row.width:.2f}")


def campaign_json(rows: Sequence[CampaignRow]) -> list[dict[str, Any]]:
    """The rows as plain values."""
    return [asdict(row) for row in rows]


def _percent(rate: Rate | None) -> str:
    if rate is None:
        return ""
    return f"{100 * rate.share:.1f} [{100 * rate.low:.1f}, {100 * rate.high:.1f}]"
