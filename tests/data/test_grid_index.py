import numpy as np
import pytest

from monai_ext.data.grid_index import find_parents, grid_index, has_repeats


def test_index_is_coordinate_over_step():
    index, error = grid_index(np.array([[0, 1024], [1536, 512]]), 512)
    assert index.tolist() == [[0, 2], [3, 1]]
    assert error == 0


@pytest.mark.parametrize("is_drifting", [False, True])
def test_distance_to_the_grid_is_measured(is_drifting):
    _, error = grid_index(np.array([[0, 0], [512 + 128, 0]]), 512, is_drifting=is_drifting)
    assert error == pytest.approx(0.25)


def test_empty_slides_have_no_index():
    index, error = grid_index(np.zeros((0, 2)), 512)
    assert index.shape == (0, 2)
    assert error == 0


def test_drifting_agrees_with_plain_on_an_exact_grid(np_rng):
    coords = np_rng.integers(0, 500, (300, 2)) * 256
    plain, drifting = (grid_index(coords, 256, is_drifting=on)[0] for on in (False, True))
    np.testing.assert_array_equal(plain, drifting)


@pytest.mark.parametrize("halvings", [1, 2, 3])
@pytest.mark.parametrize("kept", [0.0, 0.5, 1.0])
def test_parents_agree_with_brute_force(np_rng, halvings, kept):
    fine = np_rng.integers(0, 60, (200, 2))
    coarse = np.unique(np_rng.integers(0, 60 >> halvings, (80, 2)), axis=0)
    coarse = np_rng.permutation(coarse)[: round(kept * len(coarse))]
    found = find_parents(fine, coarse, halvings)
    cells = [tuple(cell) for cell in coarse.tolist()]
    side = 2**halvings
    for (x, y), place in zip(fine.tolist(), found.tolist(), strict=True):
        covering = [
            k
            for k, (c, r) in enumerate(cells)
            if c * side <= x < (c + 1) * side and r * side <= y < (r + 1) * side
        ]
        assert [place] == (covering or [-1])


def test_repeats_are_seen():
    assert has_repeats(np.array([[1, 2], [3, 4], [1, 2]]))
    assert not has_repeats(np.array([[1, 2], [2, 1]]))
    assert not has_repeats(np.zeros((0, 2), np.int64))
