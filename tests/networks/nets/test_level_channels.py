import pytest

from monai_ext.networks.nets.level_channels import level_channels


@pytest.mark.parametrize(
    ("in_channels", "levels", "expected"),
    [
        (8, [0, 2], [8, 8]),
        ([7, 5, 6], [0, 1, 2], [7, 5, 6]),
        ([7, 5, 6], [1], [5]),
        ([7, 5, 6], [0, 2], [7, 6]),
        ([7], [1], [7]),
        ([7, 6], [1, 2], [7, 6]),
    ],
)
def test_each_level_gets_its_own_width(in_channels, levels, expected):
    assert level_channels(in_channels, levels) == expected


@pytest.mark.parametrize("levels", [[], [1, 0], [0, 0], [-1, 0]])
def test_levels_must_ascend(levels):
    with pytest.raises(ValueError, match="must be ascending, finest first"):
        level_channels(8, levels)


def test_widths_must_fit():
    with pytest.raises(ValueError, match=r"in_channels=\[7, 5\] does not fit levels=\[2\]"):
        level_channels([7, 5], [2])
