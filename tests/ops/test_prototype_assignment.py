"""A pixel belongs to a prototype of its own class; equal shares are equal; entropy is entropy."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from monai_ext.ops.prototype_assignment import (
    assign_prototypes,
    prototype_similarity,
    usage_entropy,
)


@pytest.fixture
def case(rng):
    pixels = normalize(torch.randn(60, 5, generator=rng, dtype=torch.double), dim=1)
    bank = normalize(torch.randn(3, 4, 5, generator=rng, dtype=torch.double), dim=2)
    return pixels, bank, torch.randint(3, (60,), generator=rng)


def test_similarity_is_the_cosine_of_each_pair(case):
    pixels, bank, _ = case
    found = prototype_similarity(pixels, bank)
    for n, c, k in ((0, 0, 0), (7, 2, 1), (59, 1, 3)):
        assert found[n, c, k].item() == pytest.approx(float(pixels[n] @ bank[c, k]))


def test_similarity_keeps_the_banks_precision_under_autocast(case):
    pixels, bank, _ = case
    exact = prototype_similarity(pixels.float(), bank.float())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = prototype_similarity(pixels.float(), bank.float())
    assert torch.equal(found, exact)


def test_nearest_is_nearest_among_the_own_class(case):
    pixels, bank, labels = case
    found = assign_prototypes(prototype_similarity(pixels, bank), labels)
    for n in range(60):
        away = (pixels[n] - bank[labels[n]]).norm(dim=1)
        assert found[n] == away.argmin()


def test_equipartition_uses_all_prototypes_where_nearest_uses_one(rng):
    bank = normalize(torch.tensor([[[1.0, 0.0], [0.9, 0.2], [0.9, -0.2], [0.8, 0.4]]]), dim=2)
    angles = 2.5 + 0.3 * torch.rand(80, generator=rng)
    pixels = torch.stack([angles.cos(), angles.sin()], 1)
    labels = torch.zeros(80, dtype=torch.long)
    similarity = prototype_similarity(pixels, bank)
    nearest = assign_prototypes(similarity, labels)
    equal = assign_prototypes(similarity, labels, assign="sinkhorn", epsilon=0.005, n_iters=300)
    assert len(nearest.unique()) == 1
    assert torch.bincount(equal, minlength=4).min() >= 15


def test_equipartition_of_even_clusters_is_the_nearest_prototype(rng):
    bank = torch.eye(4)[None]
    place = torch.arange(80) % 4
    pixels = normalize(bank[0, place] + 0.1 * torch.randn(80, 4, generator=rng), dim=1)
    similarity = prototype_similarity(pixels, bank)
    found = assign_prototypes(similarity, torch.zeros(80, dtype=torch.long), assign="sinkhorn")
    assert torch.equal(found, place)


def test_equipartition_looks_at_the_own_class_only(case):
    pixels, bank, labels = case
    similarity = prototype_similarity(pixels, bank)
    one = assign_prototypes(similarity, labels, assign="sinkhorn")
    other = similarity.clone()
    other[torch.arange(60), (labels + 1) % 3] = 5.0
    assert torch.equal(assign_prototypes(other, labels, assign="sinkhorn"), one)


def test_another_way_is_refused(case):
    pixels, bank, labels = case
    similarity = prototype_similarity(pixels, bank)
    with pytest.raises(ValueError, match="assign=far is unknown"):
        assign_prototypes(similarity, labels, assign="far")


def test_entropy_is_one_for_even_use_zero_for_one_prototype_and_a_mean_over_classes():
    labels = torch.tensor([0, 0, 0, 0, 1, 1])
    even = torch.tensor([0, 1, 2, 3, 2, 2])
    assert usage_entropy(even[:4], labels[:4], 3, 4).item() == pytest.approx(1.0)
    assert usage_entropy(even[4:], labels[4:], 3, 4).item() == pytest.approx(0.0)
    assert usage_entropy(even, labels, 3, 4).item() == pytest.approx(0.5)
    half = usage_entropy(torch.tensor([0, 0, 1, 1]), labels[:4], 3, 4).item()
    assert half == pytest.approx(math.log(2) / math.log(4))
    assert usage_entropy(even[:0], labels[:0], 3, 4).item() == 1.0
    assert usage_entropy(labels * 0, labels, 2, 1).item() == 1.0
