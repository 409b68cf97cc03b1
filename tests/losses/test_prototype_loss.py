"""Both terms against their equations, switches, and classes without prototypes."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from monai_ext.losses.prototype_loss import PrototypeLoss
from monai_ext.ops.prototype_assignment import assign_prototypes, prototype_similarity


@pytest.fixture
def case(rng):
    pixels = normalize(torch.randn(12, 5, generator=rng, dtype=torch.double), dim=1)
    bank = normalize(torch.randn(3, 2, 5, generator=rng, dtype=torch.double), dim=2)
    labels = torch.arange(12) % 3
    similarity = prototype_similarity(pixels, bank)
    return similarity, labels, assign_prototypes(similarity, labels)


def by_hand(similarity, labels, assignment, temperature, classes=(0, 1, 2)):
    pull, push = [], []
    for s, y, k in zip(similarity.tolist(), labels.tolist(), assignment.tolist(), strict=True):
        if y not in classes:
            continue
        pull.append((1 - s[y][k]) ** 2)
        total = sum(math.exp(v / temperature) for c in classes for v in s[c])
        push.append(-math.log(math.exp(s[y][k] / temperature) / total))
    return sum(pull) / len(pull), sum(push) / len(push)


def test_the_terms_are_their_equations(case):
    for temperature in (0.1, 0.5):
        found = PrototypeLoss(temperature=temperature)(*case)
        pull, push = by_hand(*case, temperature)
        assert found.alignment.item() == pytest.approx(pull)
        assert found.contrast.item() == pytest.approx(push)


def test_switches_take_away_one_term_each(case):
    whole = PrototypeLoss()(*case)
    assert PrototypeLoss(use_alignment=False)(*case) == (0.0, whole.contrast)
    assert PrototypeLoss(use_contrast=False)(*case) == (whole.alignment, 0.0)


def test_classes_that_have_not_begun_neither_count_nor_push(case):
    ready = torch.tensor([True, False, True])
    found = PrototypeLoss()(*case, ready)
    pull, push = by_hand(*case, 0.1, classes=(0, 2))
    assert found.alignment.item() == pytest.approx(pull)
    assert found.contrast.item() == pytest.approx(push)


def test_without_pixels_the_loss_is_zero_and_can_be_differentiated(case):
    similarity = case[0].clone().requires_grad_()
    found = PrototypeLoss()(similarity, *case[1:], torch.zeros(3).bool())
    assert found == (0.0, 0.0)
    (grad,) = torch.autograd.grad(sum(found), similarity)
    assert grad.abs().max() == 0


def test_its_gradient_moves_a_pixel_to_its_prototype(case, rng):
    _, labels, _ = case
    bank = normalize(torch.randn(3, 2, 5, generator=rng, dtype=torch.double), dim=2)
    free = torch.randn(12, 5, generator=rng, dtype=torch.double).requires_grad_()
    for _ in range(200):
        similarity = prototype_similarity(normalize(free, dim=1), bank)
        assignment = assign_prototypes(similarity, labels)
        loss = sum(PrototypeLoss()(similarity, labels, assignment))
        (grad,) = torch.autograd.grad(loss, free)
        free = (free - 0.5 * grad).detach().requires_grad_()
    final = prototype_similarity(normalize(free, dim=1), bank)
    own = final[torch.arange(12), labels].max(1).values
    others = final.clone()
    others[torch.arange(12), labels] = -1
    assert own.min() > 0.7
    assert (own - others.flatten(1).max(1).values).min() > 0.3
