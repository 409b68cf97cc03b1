"""Which class, and whether it counts."""

import torch

from monai_ext.engines.pseudo_labels import PseudoLabels
from monai_ext.losses import ClassAlignment
from monai_ext.ops.trusted_pixels import trusted_pixels


def some(rng):
    taught = 2 * torch.randn(2, 3, 16, 16, generator=rng)
    is_outside = torch.zeros(2, 16, 16, dtype=torch.bool)
    is_outside[1, :4] = True
    return taught, is_outside, torch.randint(0, 3, (4, 16, 16), generator=rng).clamp(max=1)


def test_confident_pixels_inside_are_trusted(rng):
    taught, is_outside, labels = some(rng)
    pseudo, trusted = PseudoLabels(3, 0.7)(taught.requires_grad_(), is_outside, labels)
    assert torch.equal(pseudo == 255, is_outside)
    assert torch.equal(pseudo[~is_outside], taught.argmax(1)[~is_outside])
    assert torch.equal(trusted, (taught.softmax(1).amax(1) >= 0.7) & ~is_outside)
    assert 0.1 < trusted.double().mean() < 0.9


def test_above_one_none_is_trusted(rng):
    for balanced in (True, False):
        assert not PseudoLabels(3, 1.01, balance_trust=balanced)(*some(rng))[1].any()


def test_alignment_comes_before_the_threshold(rng):
    taught, is_outside, labels = some(rng)
    pseudo, trusted = PseudoLabels(3, 0.7, align_classes=True)(taught, is_outside, labels)
    chances = ClassAlignment(3)(taught.softmax(1), ~is_outside, labels)
    assert torch.equal(pseudo[~is_outside], chances.argmax(1)[~is_outside])
    assert torch.equal(trusted, (chances.amax(1) >= 0.7) & ~is_outside)
    assert not (pseudo == 2).any(), "no label has the third class"


def test_trust_may_be_the_same_share_of_every_class(rng):
    taught, is_outside, labels = some(rng)
    taught[:, 0] *= 2
    pseudo, trusted = PseudoLabels(3, 0.7, balance_trust=True)(taught, is_outside, labels)
    assert torch.equal(trusted, trusted_pixels(taught.softmax(1).amax(1), pseudo, 0.7, 3))
    plain = PseudoLabels(3, 0.7)(taught, is_outside, labels)[1]
    assert not torch.equal(trusted, plain)
    assert abs(int(trusted.sum()) - int(plain.sum())) <= 2
