"""Objects and their partners against loops over masks."""

import numpy as np
import pytest

from monai_ext.errors import SettingError
from monai_ext.metrics import ObjectOverlap, label_objects
from tests.metrics.conftest import objects_of


def test_shared_pixels_and_areas_are_those_of_the_masks(pair):
    overlap = ObjectOverlap.of(*pair)
    found, real = map(objects_of, pair)
    assert overlap.shared_px.tolist() == [[int((s & g).sum()) for g in real] for s in found]
    assert overlap.predicted_px.tolist() == [int(s.sum()) for s in found]
    assert overlap.truth_px.tolist() == [int(g.sum()) for g in real]


def test_renumbered_maps_hold_the_same_objects(pair):
    overlap = ObjectOverlap.of(*pair)
    for kept, given in zip((overlap.predicted, overlap.truth), pair, strict=True):
        masks = objects_of(given)
        np.testing.assert_array_equal(kept, sum(n * m for n, m in enumerate(masks, 1)))


def test_partner_shares_most_and_the_first_of_equals_is_taken():
    truth = np.array([[1, 1, 2, 2, 3, 0]])
    overlap = ObjectOverlap.of(np.array([[5, 5, 5, 5, 0, 9]]), truth)
    assert overlap.truth_of_predicted.tolist() == [0, -1]
    assert overlap.predicted_of_truth.tolist() == [0, 0, -1]


def test_partners_of_nothing_are_none():
    overlap = ObjectOverlap.of(np.zeros((2, 2), int), np.array([[1, 0], [0, 2]]))
    assert overlap.predicted_of_truth.tolist() == [-1, -1]
    assert overlap.truth_of_predicted.tolist() == []


def test_corners_connect():
    mask = np.array([[1, 0, 0, 1], [0, 1, 0, 1]])
    assert label_objects(mask).tolist() == [[1, 0, 0, 2], [0, 1, 0, 2]]


def test_small_parts_are_left_out_and_the_rest_renumbered():
    mask = np.array([[1, 0, 1, 1, 0, 1, 1, 1]])
    assert label_objects(mask, min_area_px=2).tolist() == [[0, 0, 1, 1, 0, 2, 2, 2]]
    assert label_objects(mask, min_area_px=3).max() == 1


def test_background_smaller_than_the_least_area_stays_background():
    assert label_objects(np.array([[1, 1, 1, 0]]), min_area_px=3).tolist() == [[1, 1, 1, 0]]


def test_maps_of_different_shapes_are_refused():
    with pytest.raises(SettingError, match=r"\(2, 3\) and \(3, 2\)"):
        ObjectOverlap.of(np.zeros((2, 3), int), np.zeros((3, 2), int))


def test_negative_ids_are_refused():
    with pytest.raises(SettingError, match="holds -1"):
        ObjectOverlap.of(np.zeros((1, 2), int), np.array([[0, -1]]))


def test_maps_without_background_keep_all_their_objects():
    overlap = ObjectOverlap.of(np.array([[4, 4, 7]]), np.array([[2, 9, 9]]))
    assert overlap.shared_px.tolist() == [[1, 1], [0, 1]]
