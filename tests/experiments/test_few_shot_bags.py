"""Draws keep patients apart; bags hold each image's tiles."""

import numpy as np
import pytest
import torch

from monai_ext.data.mosaic_bank import MosaicBank
from monai_ext.errors import CohortError
from monai_ext.experiments.few_shot_bags import few_shot_draws, image_bags
from monai_ext.ops.bag_layout import unpack_bag

SHAPES = [(4, 6), (2, 3)]


@pytest.fixture
def bank(np_rng) -> MosaicBank:
    """40 images of 10 patients, each patient of one class."""
    patients = [str(k // 4) for k in range(40)]
    labels = [int(patient) % 2 for patient in patients]
    features = [np_rng.normal(size=(40, r * c, 3)).astype(np.float32) for r, c in SHAPES]
    glands = [np.zeros((40, r * c), np.float32) for r, c in SHAPES]
    return MosaicBank([f"i{k}" for k in range(40)], patients, labels, features, glands, SHAPES)


def test_draws_have_k_images_a_class_and_no_patient_twice(bank):
    draws = few_shot_draws(bank, [1, 3], 4, train_patients=4, seed=0)
    assert sorted((draw.draw, draw.shots) for draw in draws) == [
        (d, k) for d in range(4) for k in (1, 3)
    ]
    for draw in draws:
        labels = [bank.labels[k] for k in draw.training]
        assert (labels.count(0), labels.count(1)) == (draw.shots, draw.shots)
        trained, tested = ({bank.patients[k] for k in part} for part in (draw.training, draw.test))
        assert not trained & tested
        assert len(tested) == 6


def test_shots_of_a_draw_share_the_test_part(bank):
    one, three = few_shot_draws(bank, [1, 3], 1, train_patients=4, seed=0)
    assert one.test == three.test
    assert set(one.training) < set(three.training)


def test_draws_without_enough_images_are_passed_over(bank):
    """Of class 1 one patient has 4 images and four have 1: without him there are no 4 shots."""
    keep = [k for k in range(40) if k // 4 not in (1, 3, 7, 9) or k % 4 == 0]
    few = MosaicBank(
        [bank.names[k] for k in keep],
        [bank.patients[k] for k in keep],
        [bank.labels[k] for k in keep],
        [f[keep] for f in bank.features],
        [g[keep] for g in bank.glands],
        SHAPES,
    )
    draws = few_shot_draws(few, [1, 4], 8, train_patients=4, seed=0, first_draw=3)
    numbers = {k: [draw.draw for draw in draws if draw.shots == k] for k in (1, 4)}
    assert numbers[1] == list(range(3, 11))
    assert len(numbers[4]) == 8
    assert numbers[4][-1] > 10
    assert sorted(numbers[4]) == numbers[4]
    with pytest.raises(CohortError, match="0 of 80 draws have 9 images of each class"):
        few_shot_draws(few, [9], 8, train_patients=4, seed=0)


def test_bags_hold_the_tiles_of_their_image(bank):
    bags, labels = image_bags(bank, 4)
    assert labels.tolist() == bank.labels
    parts = unpack_bag(bags)
    for level in (0, 1):
        found = parts.features[:, parts.level[0] == level]
        np.testing.assert_array_equal(found.numpy(), bank.features[level])
    assert set(parts.region.flatten().tolist()) == {0, 1, 2, 3}
    assert bool((parts.level[0] == torch.tensor([0] * 24 + [1] * 6)).all())
