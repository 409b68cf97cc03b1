import numpy as np
import pytest

from monai_ext.data import join_levels, read_features
from monai_ext.errors import FeatureError
from tests.data.feature_files import item, square, write_trident


def _trident_levels(tmp_path, np_rng):
    """Three TRIDENT folders of one slide, each with its own choice of tiles, in random order."""
    levels = []
    for k, magnification in enumerate((20, 10, 5)):
        cells = square(16 >> k)
        cells = np_rng.permutation(cells)[: int(0.7 * len(cells))]
        path = tmp_path / f"{magnification}x_256px_0px_overlap" / "features_uni_v1" / "s.h5"
        write_trident(
            path,
            np.ones((len(cells), 2), np.float32),
            cells * (512 << k),
            target_magnification=magnification,
            patch_size_level0=512 << k,
        )
        levels.append(read_features(path))
    return levels


def test_three_trident_folders_join_to_one_index(tmp_path, np_rng):
    levels = _trident_levels(tmp_path, np_rng)
    joined = join_levels(levels)
    assert joined.grid_levels == (0, 1, 2)
    assert joined.counts == tuple(len(one.features) for one in levels)
    for k, one in enumerate(levels):
        here = joined.level == k
        corner = np.stack([joined.col[here], joined.row[here]], axis=1) * 512 * 2**k
        np.testing.assert_array_equal(corner, one.coords)


def test_parents_of_three_folders_cover_their_children(tmp_path, np_rng):
    levels = _trident_levels(tmp_path, np_rng)
    joined = join_levels(levels)
    for k, parents in enumerate(joined.parents):
        side, upper = 1024 << k, levels[k + 1].coords.tolist()
        expected = []
        for x, y in levels[k].coords.tolist():
            over = [i for i, (u, v) in enumerate(upper) if u <= x < u + side and v <= y < v + side]
            expected.append(over[0] if over else -1)
        assert parents.tolist() == expected
        assert joined.num_orphans[k] == expected.count(-1) > 0
        assert joined.num_childless[k] == len(upper) - len(set(expected) - {-1}) >= 0


def test_a_coarse_level_alone_keeps_its_grid_level():
    joined = join_levels([item(level=1)])
    assert joined.grid_levels == (1,)
    assert set(joined.level.tolist()) == {1}
    assert joined.step_px == 512
    assert joined.col.max() == 1


def test_a_level_in_between_may_be_left_out():
    joined = join_levels([item(level=0, side=8), item(level=2, side=8)])
    assert joined.grid_levels == (0, 2)
    col, row = joined.col[: joined.counts[0]], joined.row[: joined.counts[0]]
    upper = joined.parents[0] + joined.counts[0]
    np.testing.assert_array_equal(joined.col[upper], col >> 2)
    np.testing.assert_array_equal(joined.row[upper], row >> 2)


def test_one_tile_joins():
    joined = join_levels([item(side=1), item(side=1, level=1)])
    assert joined.counts == (1, 1)
    assert joined.parents[0].tolist() == [0]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"step_px": 1025}, r"steps of \[512, 1025\].*exactly 2, 4, 8"),
        ({"step_px": 512}, "exactly 2, 4, 8"),
        ({"overlap_px": 32}, r"overlapping tiles \(\[32\] px\)"),
        ({"slide_hash": "other"}, "differ in slide_hash"),
        ({"level0_size": (9, 9)}, "differ in level0_size"),
        ({"coords_unit": "um"}, "differ in coords_unit"),
        ({"step_px": None}, "do not say how far.*--step_px"),
        ({"coords": None}, "have no coordinates"),
    ],
)
def test_levels_that_do_not_belong_together_are_refused(second, message):
    with pytest.raises(FeatureError, match=message):
        join_levels([item(), item(level=1, **second)])


def test_finest_first_is_required():
    with pytest.raises(FeatureError, match="finest first"):
        join_levels([item(level=1), item(level=0)])


def test_a_slide_without_levels_is_refused():
    with pytest.raises(FeatureError, match="no feature file"):
        join_levels([])


@pytest.mark.parametrize(("shift", "is_refused"), [(40, False), (60, True)])
def test_a_tenth_of_a_step_off_the_grid_is_allowed(shift, is_refused):
    moved = item(coords=square() * 512 + shift)
    if is_refused:
        with pytest.raises(FeatureError, match=r"slide 'a' lie up to 0.12 steps of 512 px off"):
            join_levels([moved])
    else:
        assert join_levels([moved]).col.tolist() == square()[:, 0].tolist()


@pytest.mark.parametrize(
    ("coords", "message"),
    [
        (np.zeros((16, 2), np.int64), "two tiles in one cell"),
        (square() * 512 - 512, "negative coordinates"),
    ],
)
def test_impossible_places_are_refused(coords, message):
    with pytest.raises(FeatureError, match=message):
        join_levels([item(coords=coords)])


def test_without_places_instances_are_numbered_where_that_will_do():
    joined = join_levels([item(coords=None), item(level=1, coords=None)], is_spatial=False)
    assert joined.level.tolist() == [0] * 16 + [1] * 4
    assert joined.col.tolist() == [*range(16), *range(4)]
    assert not joined.on_grid
    assert joined.step_px is None
