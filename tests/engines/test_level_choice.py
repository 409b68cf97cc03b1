"""Levels that the features lack are refused in one line before anything is built."""

from types import SimpleNamespace

import pytest

from monai_ext.engines.level_choice import require_levels

SPLIT = SimpleNamespace(levels=[0, 1])


@pytest.mark.parametrize("levels", [[0], [1], [0, 1], (1,)])
def test_levels_of_the_features_pass(levels):
    require_levels(levels, SPLIT)
    with pytest.raises(SystemExit):
        require_levels([*levels, 7], SPLIT)


@pytest.mark.parametrize("levels", [[0, 1, 2], [2], [], 0, "0"])
def test_others_end_in_one_line_with_what_there_is(levels):
    with pytest.raises(SystemExit, match=r"SettingError: levels=.* have levels \[0, 1\]") as end:
        require_levels(levels, SPLIT)
    assert "\n" not in str(end.value)
    assert "Repair" in str(end.value)
