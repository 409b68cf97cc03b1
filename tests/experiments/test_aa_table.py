"""Rates of a campaign, counted by hand."""

import numpy as np
import pytest
from scipy.stats import binomtest

from monai_ext.experiments.aa_campaign import Outcome, Pair
from monai_ext.experiments.aa_table import campaign_json, campaign_markdown, campaign_rows, wilson


@pytest.mark.parametrize(("hits", "number"), [(0, 200), (7, 200), (100, 200), (200, 200)])
def test_interval_is_wilsons(hits, number):
    expected = binomtest(hits, number).proportion_ci(method="wilson")
    found = wilson(hits, number)
    np.testing.assert_allclose([found.low, found.high], [expected.low, expected.high], atol=1e-9)
    assert found.share == hits / number


def _pair(gap, p, reach, mean=0.8):
    return Pair(
        mean,
        gap,
        (Outcome("t", p, gap - reach, gap + reach), Outcome("Wilcoxon", p)),
        (Outcome("bootstrap", np.nan, mean - 0.1, mean + 0.1),),
    )


PAIRS = [
    _pair(0.1, 0.01, 0.05),
    _pair(-0.1, 0.2, 0.15),
    _pair(0.0, 0.9, 0.1),
    _pair(0.2, 0.04, 0.1, 0.95),
]


def test_rates_are_counted_against_the_truth():
    t, wilcoxon, bootstrap = campaign_rows("case", PAIRS, true_gap=0.0, true_mean=0.8)
    assert (t.case, t.what, t.procedure, t.pairs) == ("case", "difference +0.000", "t", 4)
    assert (t.rejects.share, t.covers.share) == (0.5, 0.5)
    spread = np.std([0.1, -0.1, 0.0, 0.2], ddof=1)
    np.testing.assert_allclose(t.width, 0.1 / (1.96 * spread))
    assert (wilcoxon.rejects.share, wilcoxon.covers, wilcoxon.width) == (0.5, None, None)
    assert (bootstrap.what, bootstrap.rejects, bootstrap.covers.share) == ("mean 0.800", None, 0.75)
    (other, *_) = campaign_rows("case", PAIRS, true_gap=0.15, true_mean=None)
    assert other.covers.share == 0.5


def test_unknown_truth_is_not_covered():
    rows = campaign_rows("case", PAIRS, true_gap=0.0, true_mean=None)
    assert (rows[-1].what, rows[-1].covers) == ("mean", None)


def test_tables_have_a_row_a_case_and_a_column_a_procedure():
    rows = campaign_rows("x", PAIRS, true_gap=0.0, true_mean=0.8)
    rows += campaign_rows("y", PAIRS[:2], true_gap=0.0, true_mean=None)
    rejects, covers, means = (t.splitlines() for t in campaign_markdown(rows).split("\n\n"))
    assert rejects == [
        "| rejects at 5 % | truth | t | Wilcoxon |",
        "| --- | --- | --- | --- |",
        "| x | +0.000 | 50.0 [15.0, 85.0] | 50.0 [15.0, 85.0] |",
        "| y | +0.000 | 50.0 [9.5, 90.5] | 50.0 [9.5, 90.5] |",
    ]
    assert covers[0] == "| covers at 95 % | truth | t |"
    assert covers[2] == "| x | +0.000 | 50.0 [15.0, 85.0]; 0.40 |"
    assert means == [
        "| covers at 95 % | truth | bootstrap |",
        "| --- | --- | --- |",
        "| x | 0.800 | 75.0 [30.1, 95.4]; 0.68 |",
    ]
    assert campaign_json(rows)[0]["rejects"]["share"] == 0.5
