"""Verdicts follow the intervals, paired by seed."""

import pytest
from scipy import stats

from monai_ext.errors import SettingError
from monai_ext.experiments.evidence_claims import Claim, judge, seed_mean, verdict_table

AUCS = {
    ("task", "good"): {0: 0.90, 1: 0.92, 2: 0.94},
    ("task", "fair"): {0: 0.80, 1: 0.83, 2: 0.83},
    ("task", "luck"): {0: 0.48, 1: 0.51, 2: 0.52},
    ("task", "wild"): {0: 0.30, 1: 0.50, 2: 0.70},
    ("task", "swing"): {0: 0.94, 1: 0.92, 2: 0.90},
    ("other", "good"): {0: 0.50, 1: 0.52, 2: 0.54},
    ("task", "late"): {1: 0.9, 2: 0.9, 3: 0.9},
}


def test_interval_is_students():
    found = seed_mean([0.7, 0.9, 0.8, 0.6])
    low, high = stats.t.interval(0.95, 3, 0.75, stats.sem([0.7, 0.9, 0.8, 0.6]))
    assert (found.mean, found.low, found.high) == pytest.approx((0.75, low, high))
    assert found.seeds == 4


def test_one_seed_has_no_interval():
    with pytest.raises(SettingError, match="1 seeds"):
        seed_mean([0.7])


@pytest.mark.parametrize(
    ("kind", "arm", "other", "margin", "expected"),
    [
        ("learns", "good", None, 0.85, True),
        ("learns", "good", None, 0.88, False),
        ("chance", "luck", None, 0.1, True),
        ("chance", "luck", None, 0.03, False),
        ("chance", "wild", None, 0.1, False),
        ("chance", "good", None, 0.1, False),
        ("beats", "good", ("task", "fair"), 0.0, True),
        ("beats", "good", ("other", "good"), 0.0, True),
        ("beats", "fair", ("task", "good"), 0.0, False),
        ("beats", "good", ("task", "wild"), 0.0, False),
        ("no_better", "fair", ("task", "good"), 0.05, True),
        ("no_better", "good", ("task", "fair"), 0.05, False),
        ("no_better", "good", ("task", "swing"), 0.05, False),
        ("no_better", "good", ("task", "swing"), 0.2, True),
        ("no_better", "good", ("task", "fair"), 0.15, True),
    ],
)
def test_verdicts(kind, arm, other, margin, expected):
    assert judge(Claim(kind, "task", arm, other, margin), AUCS).is_met is expected


def test_differences_are_paired():
    """Unpaired, the spread of both would hide a difference that is the same on every seed."""
    found = judge(Claim("beats", "task", "good", ("other", "good")), AUCS)
    assert found.gap is not None
    assert found.gap.low == pytest.approx(0.4)
    assert found.gap.high == pytest.approx(0.4)


def test_arms_are_compared_over_the_same_seeds():
    with pytest.raises(SettingError, match=r"task/good has the seeds \[0, 1, 2\]"):
        judge(Claim("beats", "task", "good", ("task", "late")), AUCS)


def test_missing_run_is_named():
    with pytest.raises(SettingError, match="no run of bad on task"):
        judge(Claim("learns", "task", "bad"), AUCS)


@pytest.mark.parametrize(
    ("kind", "other"), [("wins", None), ("beats", None), ("learns", ("task", "fair"))]
)
def test_unknown_claims_are_refused(kind, other):
    with pytest.raises(ValueError, match=f"kind={kind}"):
        Claim(kind, "task", "good", other)


def test_failures_are_printed():
    claims = [
        Claim("beats", "task", "fair", ("task", "good")),
        Claim("no_better", "task", "fair", ("other", "good"), 0.5),
        Claim("chance", "task", "luck", margin=0.1),
    ]
    lines = verdict_table([judge(claim, AUCS) for claim in claims]).splitlines()
    assert lines[0].startswith("| method | task | claim | AUC | control |")
    assert lines[2].startswith("| fair | task | better | 0.820 [0.777, 0.863] | good | 0.920 [")
    assert lines[2].endswith("| **failed** |")
    assert "| good on other |" in lines[3]
    assert lines[3].endswith("| passed |")
    assert "| AUC 0.5 within 0.1 |" in lines[4]
    assert all(line.count("|") == lines[0].count("|") for line in lines)
