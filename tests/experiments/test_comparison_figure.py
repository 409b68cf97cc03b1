"""Where the picture puts its dots."""

import numpy as np
import pytest
from PIL import Image

from monai_ext.experiments.comparison import Resampling, compare_methods
from monai_ext.experiments.comparison_figure import (
    _BLUE,
    _EDGE_PX,
    _PANEL_PX,
    _ROW_PX,
    _SCALE,
    _TOP_PX,
    _limits,
    draw_comparison,
)
from monai_ext.experiments.comparison_tables import Comparison
from monai_ext.experiments.shuffled_labels import chance
from monai_ext.outputs import prediction_table
from tests.experiments.experiment_files import (
    CLASSES,
    draws,
    made_up,
    split_parts_of,
    toy_cohort,
)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    cohort = toy_cohort(20)
    splits = draws(cohort, number=6, train_patients=8)
    parts = {split.name: split_parts_of(cohort, split) for split in splits}
    methods = {
        name: {
            s.name: prediction_table(made_up(cohort, s.test, effect, [k, name == "b"]), CLASSES)
            for k, s in enumerate(splits)
        }
        for name, effect in (("a", 0.2), ("b", 3.0))
    }
    rows = compare_methods(methods, parts, reference="a", resampling=Resampling(0, 50))
    by_shots = {2: chance(list(methods["a"].values()), ["auc"], permutations=20, seed=0)}
    found = Comparison("a", rows, by_shots, [], parts, (20, 40), {})
    path = tmp_path_factory.mktemp("figure") / "compare.png"
    draw_comparison(found, path)
    return found, np.asarray(Image.open(path).convert("RGB"))


def _blue_columns(pixels, row, left, right):
    """Columns of ink of a method on the height of its bar, in unscaled pixels."""
    y = int((_TOP_PX + (row + 0.5) * _ROW_PX) * _SCALE)
    ink = (pixels[y, left * _SCALE : right * _SCALE] == _BLUE).all(axis=1)
    return np.flatnonzero(ink) / _SCALE + left


def test_bars_reach_from_end_to_end_of_their_intervals(drawn):
    found, pixels = drawn
    rows = [row for row in found.rows if row.metric == "auc"]
    width = pixels.shape[1] // _SCALE
    left = width - 2 * _PANEL_PX - 3 * _EDGE_PX
    ends = [_blue_columns(pixels, k, left, left + _PANEL_PX + 1) for k in range(2)]
    values = [row.interval for row in rows]
    scale = (ends[1].max() - ends[0].min()) / (values[1][1] - values[0][0])
    np.testing.assert_allclose(
        (ends[0].max() - ends[0].min()) / scale, values[0][1] - values[0][0], atol=0.02
    )
    np.testing.assert_allclose(
        (ends[1].min() - ends[0].min()) / scale, values[1][0] - values[0][0], atol=0.02
    )


def test_difference_stands_right_of_zero_and_the_reference_has_none(drawn):
    found, pixels = drawn
    width = pixels.shape[1] // _SCALE
    panel = width - _PANEL_PX - _EDGE_PX
    assert len(_blue_columns(pixels, 0, panel, width)) == 0
    bar = _blue_columns(pixels, 1, panel, width)
    low, high = (found.rows[1].difference.verdict.low, found.rows[1].difference.verdict.high)
    assert low > 0
    ink = (pixels[int((_TOP_PX + 2.9 * _ROW_PX) * _SCALE), panel * _SCALE :] < 60).all(axis=1)
    zero = np.flatnonzero(ink).mean() / _SCALE + panel
    np.testing.assert_allclose((bar.min() - zero) / (bar.max() - zero), low / high, atol=0.04)


@pytest.mark.parametrize(
    ("values", "bounds", "expected"),
    [
        ([0.41, 0.93], None, (0.4, 1.0, 0.1)),
        ([0.41, 0.99], (0, 1), (0.4, 1.0, 0.1)),
        ([-0.012, 0.043], None, (-0.02, 0.05, 0.01)),
        ([0.0], None, (-0.005, 0.005, 0.005)),
        ([float("nan"), 0.5], None, (0.495, 0.505, 0.005)),
    ],
)
def test_axis_ends_are_whole_steps_around_the_values(values, bounds, expected):
    np.testing.assert_allclose(_limits(values, bounds), expected)
