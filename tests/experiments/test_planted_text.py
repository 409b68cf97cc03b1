"""Texts point at the signs, nuisance does not; the control breaks the former only."""

from dataclasses import replace

import pytest
import torch

from monai_ext.experiments.planted_text import (
    TextBagPlan,
    shuffled_text,
    text_bags,
    text_world,
)
from monai_ext.ops.bag_layout import unpack_bag

PLAN = TextBagPlan(tiles=30, signed=5, sign=3.0, nuisance=2.0, noise=0.0)


@pytest.fixture
def world():
    return text_world(20, 3, 0.8)


def test_instance_texts_are_as_close_to_their_class_as_asked(world):
    cosines = world.instances @ world.classes.mT
    expected = torch.tensor([[0.8, 0.0]] * 3 + [[0.0, 0.8]] * 3)
    torch.testing.assert_close(cosines, expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(world.instances.norm(dim=1), torch.ones(6))


def test_tissue_is_named_only_if_asked(world):
    named = text_world(20, 3, 0.8, is_tissue_named=True)
    assert (world.instances @ world.tissue.mT).abs().max() < 1e-5
    torch.testing.assert_close(named.instances[6:], world.tissue)
    torch.testing.assert_close(named.instances[:6], world.instances)


def test_nuisance_and_unspoken_are_orthogonal_to_all_texts(world):
    texts = torch.cat([*world.text, world.tissue])
    for others in (world.nuisance, world.unspoken):
        assert (texts @ others.mT).abs().max() < 1e-5


def test_signs_are_the_class_texts(world, rng):
    bags, labels, truth = text_bags(12, rng, world=world, plan=PLAN)
    features = unpack_bag(bags).features
    for label, bag in zip(labels.tolist(), features, strict=True):
        along = bag @ world.classes.mT
        assert (along[:, label] > 2.9).sum() == 5
        assert along[:, 1 - label].abs().max() < 1e-4
    assert torch.equal(truth, (features @ world.classes[1] > 2.9))


def test_unspoken_signs_are_known_to_no_text(world, rng):
    bags, labels, _ = text_bags(12, rng, world=world, plan=PLAN, is_spoken=False)
    features = unpack_bag(bags).features
    assert (features @ world.classes.mT).abs().max() < 1e-4
    assert ((features[1] @ world.unspoken[1]) > 2.9).sum() == 5
    assert labels.tolist() == [0, 1] * 6


def test_nuisance_is_one_vector_a_bag_and_free_of_labels(world, rng):
    bags, labels, _ = text_bags(2000, rng, world=world, plan=replace(PLAN, tiles=8))
    along = unpack_bag(bags).features @ world.nuisance.mT
    assert along.std(1).max() < 1e-4
    each = along.mean(1)
    assert abs(float(each.std()) - 2.0) < 0.1
    assert (each[labels == 1].mean(0) - each[labels == 0].mean(0)).abs().max() < 0.4


def test_shuffled_texts_keep_angles_and_lose_the_signs(world, rng):
    instances, classes = shuffled_text(world.text, rng)
    torch.testing.assert_close(instances @ classes.mT, world.instances @ world.classes.mT)
    assert ((classes * world.classes).sum(1) < 0.7).all()


def test_small_space_is_refused():
    with pytest.raises(ValueError, match="width=15 is too small for all directions: at least 16"):
        text_world(15, 0, 0.8)


def test_seed_decides(world):
    torch.testing.assert_close(text_world(20, 3, 0.8).instances, world.instances)
    assert (text_world(20, 4, 0.8).instances - world.instances).abs().max() > 0.1
