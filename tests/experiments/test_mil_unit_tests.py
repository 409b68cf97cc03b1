"""The easy thing is there in training and turned round in test; the concepts are what they say."""

from types import SimpleNamespace

import pytest
import torch

from monai_ext.experiments.mil_unit_tests import (
    UNIT_TESTS,
    UnitTestPlan,
    false_frequency,
    multi_concept,
    single_concept,
    unit_test_draw,
    unit_test_verdict,
)
from monai_ext.ops.bag_layout import unpack_bag

PLAN = UnitTestPlan(width=40, background=6, training=40, test=60)


def seen(bags: torch.Tensor) -> SimpleNamespace:
    """Which instances are poison, which of either concept, and which are real."""
    parts = unpack_bag(bags)
    mean, spread = parts.features.mean(-1), parts.features.std(-1)
    near = {k: ((mean - k).abs() < 0.3) & (spread < 0.3) for k in (-10, 2, 3)}
    return SimpleNamespace(
        poison=near[-10], first=near[2], second=near[3], real=parts.level == 0, parts=parts
    )


@pytest.mark.parametrize("make", [single_concept, multi_concept])
@pytest.mark.parametrize("is_test", [False, True])
def test_poison_changes_sides(make, is_test, rng):
    bags, labels, _ = make(PLAN, rng, is_test=is_test)
    assert torch.equal(seen(bags).poison.sum(1), labels if is_test else 1 - labels)


@pytest.mark.parametrize("is_test", [False, True])
def test_single_concept_is_in_positive_bags_only(is_test, rng):
    bags, labels, truth = single_concept(PLAN, rng, is_test=is_test)
    found = seen(bags)
    assert not truth[labels == 0].any()
    assert set(truth.sum(1)[labels == 1].tolist()) == {1, 2, 3}
    background = found.real & ~truth & ~found.poison
    assert background.sum(1).tolist() == [6] * len(bags)
    strange = found.parts.features[truth]
    wide = strange.std(1) > 2
    assert 0.2 < float(wide.float().mean()) < 0.8
    assert abs(float(strange[wide].std()) - 3) < 0.3
    assert abs(float(strange[~wide].mean()) - 1) < 0.3
    assert abs(float(found.parts.features[background].std()) - 1) < 0.1


def test_multi_concept_needs_both(rng):
    bags, labels, truth = multi_concept(PLAN, rng, is_test=False)
    found = seen(bags)
    counts = torch.stack([found.first.sum(1), found.second.sum(1)])
    assert torch.equal(counts[0, 1::2], counts[1, 1::2])
    assert set(counts[0, 1::2].tolist()) == {1, 2, 3}
    assert counts[:, ::2].sum(0).tolist() == [1] * 20
    assert set(counts[0, ::2].tolist()) == {0, 1}
    assert torch.equal(truth, (found.first | found.second) & (labels == 1)[:, None])


@pytest.mark.parametrize("is_test", [False, True])
def test_false_frequency_is_turned_round(is_test, rng):
    bags, labels, truth = false_frequency(PLAN, rng, is_test=is_test)
    found = seen(bags)
    counts = torch.stack([found.first.sum(1), found.second.sum(1)])
    assert (counts[:, labels == 1] == 1).all()
    many = counts[:, labels == 0]
    assert not many.amin(0).any()
    assert 0 < int((many[0] > 0).sum()) < many.shape[1]
    lowest, highest = (35, 44) if is_test else (1, 1)
    assert lowest <= int(many.amax(0).min()) <= int(many.amax(0).max()) <= highest
    assert truth.sum(1).tolist() == (2 * labels).tolist()
    assert not found.poison.any()


def test_instances_have_no_neighbours_and_a_region_each(rng):
    parts = unpack_bag(multi_concept(PLAN, rng, is_test=False).bags)
    longest = (parts.level == 0).sum(1).argmax()
    assert parts.col[longest].diff().min() > 2.84
    assert set(parts.region[longest].tolist()) == {0, 1, 2, 3}


def test_concepts_are_at_no_fixed_place(rng):
    truth = multi_concept(PLAN, rng, is_test=True).truth
    assert 0.2 < float(truth[1::2, 0].float().mean()) < 0.8


@pytest.mark.parametrize("name", UNIT_TESTS)
def test_seed_decides(name):
    one, same, other = (unit_test_draw(name, PLAN, seed) for seed in (0, 0, 1))
    torch.testing.assert_close(one.test.bags, same.test.bags, rtol=0, atol=0)
    assert one.training.bags.shape != other.training.bags.shape or (
        (one.training.bags - other.training.bags).abs().max() > 0.1
    )
    assert len(one.training.labels) == 40
    assert len(one.test.labels) == 60
    assert one.shape == (40, 2, (0,), 4)


def test_unknown_test_is_refused():
    with pytest.raises(ValueError, match="name=poison is unknown: use single_concept, multi"):
        unit_test_draw("poison", PLAN, 0)


@pytest.mark.parametrize(
    ("train", "test", "expected"),
    [
        (0.99, 0.95, "passed"),
        (0.99, 0.4, "failed"),
        (0.99, 0.7, "in part"),
        (0.6, 0.4, "not learnt"),
        (0.6, 0.99, "not learnt"),
    ],
)
def test_verdicts(train, test, expected):
    assert unit_test_verdict(train, test, high=0.9) == expected
