"""Claims about methods on planted tasks, and whether the numbers of several seeds bear them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from monai_ext.errors import SettingError

Aucs = Mapping[tuple[str, str], Mapping[int, float]]
"""AUC by (task, arm), then by seed."""


class SeedMean(NamedTuple):
    """Mean over independent draws and its interval."""

    mean: float
    low: float
    high: float
    seeds: int

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def seed_mean(values: Sequence[float], confidence: float = 0.95) -> SeedMean:
    """Student's interval of a mean over draws that share no data.

    Args:
        values: one a seed, at least two.
        confidence: nominal coverage.

    Raises:
        SettingError: for fewer than two values.

    Example:
        >>> print(seed_mean([0.7, 0.8, 0.9]))
        0.800 [0.552, 1.048]
    """
    if len(values) < 2:
        raise SettingError(f"{len(values)} seeds", "an interval needs two", "run more seeds")
    from scipy.stats import t as student

    x = np.asarray(values, dtype=np.float64)
    error = float(x.std(ddof=1)) / len(x) ** 0.5
    reach = float(student.ppf((1 + confidence) / 2, len(x) - 1)) * error
    return SeedMean(float(x.mean()), float(x.mean()) - reach, float(x.mean()) + reach, len(x))


@dataclass(frozen=True)
class Claim:
    """What has to hold.

    Args:
        kind: ``learns``: the interval of the AUC lies above ``margin``; ``beats``: the interval
            of the difference to ``other`` lies above 0; ``no_better``: that interval lies below
            ``margin``, so the other is as good or better; ``chance``: the interval of the AUC
            lies within ``margin`` of 0.5.
        task: of our arm.
        arm: ours.
        other: task and arm compared with; needed by ``beats`` and ``no_better``.
        margin: see ``kind``.

    Raises:
        ValueError: if the kind is unknown, or lacks the other.
    """

    kind: str
    task: str
    arm: str
    other: tuple[str, str] | None = None
    margin: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in ("learns", "beats", "no_better", "chance"):
            raise ValueError(f"kind={self.kind} is unknown: learns, beats, no_better or chance")
        if (self.other is None) != (self.kind in ("learns", "chance")):
            raise ValueError(f"kind={self.kind}, other={self.other}: beats and no_better need one")


class Verdict(NamedTuple):
    """A claim with its numbers."""

    claim: Claim
    ours: SeedMean
    theirs: SeedMean | None
    gap: SeedMean | None
    """Ours minus theirs, paired by seed."""
    is_met: bool


def judge(claim: Claim, aucs: Aucs) -> Verdict:
    """Hold a claim against the numbers.

    Args:
        claim: what has to hold.
        aucs: of all arms.

    Raises:
        SettingError: if a run is missing, or two arms have other seeds.
    """
    ours = _of(aucs, (claim.task, claim.arm))
    mean = seed_mean(list(ours.values()))
    if claim.other is None:
        is_met = mean.low > claim.margin
        if claim.kind == "chance":
            is_met = max(mean.high - 0.5, 0.5 - mean.low) <= claim.margin
        return Verdict(claim, mean, None, None, is_met)
    theirs = _of(aucs, claim.other)
    if sorted(ours) != sorted(theirs):
        raise SettingError(
            f"{claim.task}/{claim.arm} has the seeds {sorted(ours)}, "
            f"{'/'.join(claim.other)} {sorted(theirs)}",
            "arms are compared over the same seeds",
            "run the missing ones",
        )
    gap = seed_mean([ours[seed] - theirs[seed] for seed in sorted(ours)])
    is_met = gap.low > 0 if claim.kind == "beats" else gap.high <= claim.margin
    return Verdict(claim, mean, seed_mean(list(theirs.values())), gap, is_met)


def verdict_table(verdicts: Sequence[Verdict]) -> str:
    """Markdown: method, task, what was claimed, the control, numbers, passed or failed."""
    head = ["method", "task", "claim", "AUC", "control", "AUC of control", "difference", "verdict"]
    rows = [head, ["---"] * len(head)]
    for found in verdicts:
        claim = found.claim
        control = "" if claim.other is None else _control(claim)
        shown = ["" if x is None else str(x) for x in (found.theirs, found.gap)]
        verdict = "passed" if found.is_met else "**failed**"
        said = [claim.arm, claim.task, _said(claim), str(found.ours), control, *shown, verdict]
        rows.append(said)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _said(claim: Claim) -> str:
    if claim.kind == "learns":
        return f"AUC above {claim.margin:g}"
    if claim.kind == "chance":
        return f"AUC 0.5 within {claim.margin:g}"
    return "better" if claim.kind == "beats" else f"not better by {claim.margin:g}"


def _control(claim: Claim) -> str:
    task, arm = claim.other or ("", "")
    return arm if task == claim.task else f"{arm} on {task}"


def _of(aucs: Aucs, key: tuple[str, str]) -> Mapping[int, float]:
    if key not in aucs:
        raise SettingError(
            f"no run of {key[1]} on {key[0]}", "a claim needs its runs", "run the experiment again"
        )
    return aucs[key]
