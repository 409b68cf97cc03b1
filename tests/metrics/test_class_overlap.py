"""Pixel scores against sets of pixels and against MONAI's own Dice and IoU."""

import math

import numpy as np
import pytest
import torch
from monai.metrics import compute_dice, compute_iou
from monai.networks.utils import one_hot
from sklearn.metrics import f1_score, jaccard_score

from monai_ext.errors import SettingError
from monai_ext.metrics import class_dice, class_iou, pixel_counts


@pytest.fixture
def maps(rng):
    predicted = torch.randint(0, 4, (9, 11), generator=rng)
    truth = torch.randint(0, 4, (9, 11), generator=rng)
    truth[torch.rand(9, 11, generator=rng) < 0.3] = 255
    return predicted, truth


def test_counts_are_those_of_pixel_sets(maps):
    predicted, truth = (each.numpy() for each in maps)
    known = set(zip(*np.nonzero(truth != 255), strict=True))
    expected = []
    for c in range(4):
        found = set(zip(*np.nonzero(predicted == c), strict=True)) & known
        real = set(zip(*np.nonzero(truth == c), strict=True))
        expected.append(
            [len(found & real), len(found - real), len(known - found - real), len(real - found)]
        )
    assert pixel_counts(*maps, 4).tolist() == expected


@pytest.mark.parametrize(
    ("score", "reference"), [(class_dice, f1_score), (class_iou, jaccard_score)]
)
def test_scores_are_those_of_scikit_learn_on_known_pixels(maps, score, reference):
    predicted, truth = maps
    known = truth != 255
    expected = reference(truth[known], predicted[known], average=None)
    np.testing.assert_allclose(score(pixel_counts(*maps, 4)), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("score", "reference"), [(class_dice, compute_dice), (class_iou, compute_iou)]
)
def test_scores_are_those_of_monai_where_all_classes_are_there(rng, score, reference):
    maps = torch.randint(0, 3, (2, 1, 1, 12, 12), generator=rng)
    expected = reference(one_hot(maps[0], 3), one_hot(maps[1], 3))[0].double()
    torch.testing.assert_close(score(pixel_counts(*maps, 3)), expected, rtol=1e-6, atol=0)


def test_class_that_is_nowhere_has_no_score_and_one_only_found_or_missed_scores_0():
    predicted, truth = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 0, 0, 3])
    dice = class_dice(pixel_counts(predicted, truth, 4)).tolist()
    assert dice[:2] == [pytest.approx(0.8), 0.0]
    assert math.isnan(dice[2])
    assert dice[3] == 0.0


def test_class_found_only_where_truth_is_unknown_is_nowhere():
    counts = pixel_counts(torch.tensor([0, 1]), torch.tensor([0, 255]), 2)
    assert math.isnan(class_iou(counts)[1])


def test_pooled_scores_weigh_images_by_their_pixels(maps):
    predicted, truth = maps
    parts = [slice(0, 2), slice(2, 9)]
    added = sum(pixel_counts(predicted[part], truth[part], 4) for part in parts)
    torch.testing.assert_close(class_dice(added), class_dice(pixel_counts(*maps, 4)))


def test_another_value_can_mean_unknown():
    counts = pixel_counts(torch.tensor([0, 1]), torch.tensor([-1, 1]), 2, ignore_index=-1)
    assert counts.tolist() == [[0, 0, 1, 0], [1, 0, 0, 0]]


def test_unknown_class_is_refused():
    with pytest.raises(SettingError, match=r"holds 3, 7\. Rule: classes are 0 to 2, and 255"):
        pixel_counts(torch.tensor([0, 3]), torch.tensor([7, 255]), 3)


def test_ignored_value_is_no_prediction():
    with pytest.raises(SettingError, match="holds 255"):
        pixel_counts(torch.tensor([255]), torch.tensor([0]), 3)


def test_shapes_that_differ_are_refused():
    with pytest.raises(SettingError, match=r"shape \(1, 2\) for truth of \(2,\)"):
        pixel_counts(torch.zeros(1, 2), torch.zeros(2), 2)
