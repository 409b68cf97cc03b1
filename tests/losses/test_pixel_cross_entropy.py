"""Pixel losses against loops, with pixels that do not count."""

import pytest
import torch

from monai_ext.losses.pixel_cross_entropy import PixelCrossEntropy, trusted_cross_entropy


@pytest.fixture
def case(rng):
    logits = torch.randn(2, 3, 4, 5, generator=rng, dtype=torch.double)
    labels = torch.randint(3, (2, 4, 5), generator=rng)
    labels[0, 1:3] = 255
    return logits, labels


def test_cross_entropy_is_the_mean_over_pixels_that_count(case):
    logits, labels = case
    log_p = logits.log_softmax(1)
    each = [
        -log_p[b, labels[b, i, j], i, j]
        for b in range(2)
        for i in range(4)
        for j in range(5)
        if labels[b, i, j] != 255
    ]
    found = PixelCrossEntropy()(logits, labels)
    assert found.item() == pytest.approx(torch.stack(each).mean().item())
    assert PixelCrossEntropy()(logits, labels[:, None]).item() == found.item()


def test_nothing_to_count_is_no_loss(case):
    logits, labels = case
    for loss in (PixelCrossEntropy(), PixelCrossEntropy(0.5)):
        assert torch.isfinite(loss(logits, torch.full_like(labels, 255)))
    assert PixelCrossEntropy()(logits, torch.full_like(labels, 255)) == 0


def test_ignored_pixels_have_no_gradient_with_dice_either(case):
    logits, labels = case
    logits.requires_grad_()
    (grad,) = torch.autograd.grad(PixelCrossEntropy(1.0)(logits, labels), logits)
    assert grad[0, :, 1:3].abs().max() == 0
    assert grad[0, :, 0].abs().min() > 0


def test_dice_is_added_with_its_weight(case):
    logits, labels = case
    p, counts = logits.softmax(1), (labels != 255)[:, None]
    truth = torch.stack([labels == c for c in range(3)], 1) * counts
    overlap = (p * truth).sum((2, 3))
    dice = (2 * overlap + 1e-5) / ((p * counts).sum((2, 3)) + truth.sum((2, 3)) + 1e-5)
    plain, both = (PixelCrossEntropy(w)(logits, labels).item() for w in (0.0, 0.7))
    assert both - plain == pytest.approx(0.7 * (1 - dice).mean().item())


def test_untrusted_pixels_count_in_the_mean_but_not_in_the_sum(case, rng):
    logits, labels = case
    trusted = torch.rand(2, 4, 5, generator=rng) < 0.6
    log_p, total, counted = logits.log_softmax(1), 0.0, 0
    for b in range(2):
        for i in range(4):
            for j in range(5):
                y = int(labels[b, i, j])
                counted += y != 255
                if y != 255 and trusted[b, i, j]:
                    total -= log_p[b, y, i, j].item()
    found = trusted_cross_entropy(logits, labels, trusted)
    assert found.item() == pytest.approx(total / counted)
    assert trusted_cross_entropy(logits, labels, torch.zeros_like(trusted)) == 0
    everything = trusted_cross_entropy(logits, labels, torch.ones_like(trusted))
    assert everything.item() == pytest.approx(PixelCrossEntropy()(logits, labels).item())
