"""A row has the scores of its image, each from its own definition."""

import math

import numpy as np
import pytest
import torch
from monai.metrics import compute_dice, compute_iou
from monai.networks.utils import one_hot

from monai_ext.errors import SettingError
from monai_ext.metrics import ObjectOverlap, object_dice, object_hausdorff
from monai_ext.outputs.segmentation_row import ScoredClasses, segmentation_row

TWO = ScoredClasses(("ground", "gland"))
SEVEN = ScoredClasses(("ground", "gland"), ignore_index=6)
THREE = ScoredClasses(("ground", "gland", "tumour"), object_class=2)


@pytest.fixture
def maps(rng):
    return torch.randint(0, 3, (2, 20, 20), generator=rng)


def test_class_scores_are_those_of_monai_and_means_are_over_classes(maps):
    row = segmentation_row(*maps, THREE, None)
    hot = [one_hot(each[None, None], 3) for each in maps]
    for key, reference in (("dice", compute_dice), ("iou", compute_iou)):
        expected = reference(*hot)[0].tolist()
        found = [row[f"{key}_{name}"] for name in THREE.names]
        assert found == pytest.approx(expected, rel=1e-6)
        assert row[f"m{key}"] == pytest.approx(np.mean(expected), rel=1e-6)


def test_counts_are_of_their_class(maps):
    row = segmentation_row(*maps, THREE, None)
    for c, name in enumerate(THREE.names):
        found, real = maps[0] == c, maps[1] == c
        assert row[f"tp_{name}"] == int((found & real).sum())
        assert row[f"fp_{name}"] == int((found & ~real).sum())
        assert row[f"tn_{name}"] == int((~found & ~real).sum())
        assert row[f"fn_{name}"] == int((~found & real).sum())


def squares(*corners, value=1):
    image = torch.zeros(30, 40, dtype=torch.long)
    for top, left, side in corners:
        image[top : top + side, left : left + side] = value
    return image


def test_objects_are_the_connected_parts_of_their_class():
    predicted = squares((0, 0, 6), (10, 10, 6), (20, 30, 2), (20, 20, 3))
    truth = squares((0, 2, 6), (10, 10, 6), (22, 0, 6))
    row = segmentation_row(predicted, truth, TWO, 0.5)
    ids = squares((0, 0, 6)) + squares((10, 10, 6), value=2) + squares((20, 30, 2), value=3)
    ids += squares((20, 20, 3), value=4)
    real = squares((0, 2, 6)) + squares((10, 10, 6), value=2) + squares((22, 0, 6), value=3)
    overlap = ObjectOverlap.of(ids, real)
    assert (row["object_tp"], row["object_fp"], row["object_fn"]) == (2, 2, 1)
    assert row["object_f1"] == pytest.approx(4 / 7)
    assert row["object_dice"] == pytest.approx(object_dice(overlap))
    assert row["object_hausdorff_px"] == pytest.approx(object_hausdorff(overlap))
    assert row["object_hausdorff_um"] == pytest.approx(0.5 * object_hausdorff(overlap))


def test_other_classes_hold_no_objects():
    tumour = squares((0, 0, 6), value=2)
    row = segmentation_row(tumour + squares((10, 10, 6)), tumour, THREE, None)
    assert (row["object_tp"], row["object_fp"], row["object_fn"]) == (1, 0, 0)


def test_small_parts_are_no_objects_on_either_side():
    large = ScoredClasses(("ground", "gland"), min_object_px=5)
    predicted, truth = squares((0, 0, 6), (20, 30, 2)), squares((0, 0, 6), (10, 10, 2))
    row = segmentation_row(predicted, truth, large, None)
    assert (row["object_tp"], row["object_fp"], row["object_fn"]) == (1, 0, 0)
    assert row["fp_gland"] == row["fn_gland"] == 4


def test_pixels_of_unknown_truth_take_no_part():
    predicted, truth = squares((0, 0, 6), (10, 10, 6)), squares((0, 0, 6))
    truth[10:16, 10:16] = 255
    row = segmentation_row(predicted, truth, TWO, None)
    assert row["mdice"] == row["object_f1"] == row["object_dice"] == 1.0


def test_another_value_can_mean_unknown():
    truth = squares((0, 0, 6)) - 1
    row = segmentation_row(squares((0, 0, 6)), 1 + truth + (truth < 0) * 6, SEVEN, None)
    assert [row[f"{kind}_gland"] for kind in ("tp", "fp", "tn", "fn")] == [36, 0, 0, 0]


def test_absent_class_has_no_score_and_does_not_count_in_the_mean():
    empty = torch.zeros(5, 5, dtype=torch.long)
    row = segmentation_row(empty, empty, TWO, 0.5)
    assert math.isnan(row["dice_gland"])
    assert row["mdice"] == row["miou"] == 1.0
    assert row["object_hausdorff_um"] == 0.0


def test_distance_in_um_needs_a_resolution_and_objects_a_class():
    empty = torch.zeros(5, 5, dtype=torch.long)
    assert segmentation_row(empty, empty, TWO, None)["object_hausdorff_um"] is None
    row = segmentation_row(empty, empty, ScoredClasses(("a", "b"), object_class=None), None)
    assert not [name for name in row if name.startswith("object")]


@pytest.mark.parametrize(
    ("names", "object_class"), [(("a",), 0), (("a", "a"), 1), (("a", ""), 1), (("a", "b"), 2)]
)
def test_classes_that_cannot_be_are_refused(names, object_class):
    with pytest.raises(SettingError, match="name every class, the background first"):
        ScoredClasses(names, object_class)
