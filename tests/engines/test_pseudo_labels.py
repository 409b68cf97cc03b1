"""Which class, and whether it counts."""

import torch

from monai_ext.engines.pseudo_labels import pseudo_labels
from monai_ext.ops.trusted_pixels import trusted_pixels


def some(rng):
    taught = 2 * torch.randn(2, 3, 16, 16, generator=rng)
    is_outside = torch.zeros(2, 16, 16, dtype=torch.bool)
    is_outside[1, :4] = True
    return taught, is_outside


def test_confident_pixels_inside_are_trusted(rng):
    taught, is_outside = some(rng)
    pseudo, trusted = pseudo_labels(taught.requires_grad_(), is_outside, 0.7)
    assert torch.equal(pseudo == 255, is_outside)
    assert torch.equal(pseudo[~is_outside], taught.argmax(1)[~is_outside])
    assert torch.equal(trusted, (taught.softmax(1).amax(1) >= 0.7) & ~is_outside)
    assert 0.1 < trusted.double().mean() < 0.9


def test_above_one_none_is_trusted(rng):
    for balanced in (True, False):
        assert not pseudo_labels(*some(rng), 1.01, is_balanced=balanced)[1].any()


def test_trust_may_be_the_same_share_of_every_class(rng):
    taught, is_outside = some(rng)
    taught[:, 0] *= 2
    pseudo, trusted = pseudo_labels(taught, is_outside, 0.7, is_balanced=True)
    assert torch.equal(trusted, trusted_pixels(taught.softmax(1).amax(1), pseudo, 0.7, 3))
    plain = pseudo_labels(taught, is_outside, 0.7)[1]
    assert not torch.equal(trusted, plain)
    assert abs(int(trusted.sum()) - int(plain.sum())) <= 2
