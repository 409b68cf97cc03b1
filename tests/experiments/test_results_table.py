"""The table's cells, alignment and Markdown form."""

import pytest

from monai_ext.errors import SettingError
from monai_ext.experiments.bootstrap import Interval
from monai_ext.experiments.results_table import results_table

RESULTS = {
    "ABMIL": {"auc": Interval(0.8125, 0.7, 0.91, 0.95, 2000, 0), "f1": 0.5},
    "mean|max": {"auc": float("nan"), "accuracy": 1.0},
}


def test_text_table_is_aligned():
    assert results_table(RESULTS).splitlines() == [
        "method    auc                   f1     accuracy",
        "ABMIL     0.812 [0.700, 0.910]  0.500  n/a",
        "mean|max  n/a                   n/a    1.000",
    ]


def test_markdown_table_has_a_rule_and_escapes_bars():
    lines = results_table(RESULTS, style="markdown", digits=2).splitlines()
    assert lines[0].startswith("| method    | auc               | f1")
    assert set(lines[1]) == {"|", " ", "-"}
    assert r"| mean\|max | n/a " in lines[3]
    assert all(line.count(" | ") == 3 for line in lines)


def test_other_style_is_refused():
    with pytest.raises(SettingError, match="style='html'"):
        results_table(RESULTS, style="html")
