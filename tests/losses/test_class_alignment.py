"""Predictions are scaled to the labels' class shares, and to nothing else."""

import pytest
import torch

from monai_ext.losses import ClassAlignment


def some(seed=0, classes=3):
    drawn = torch.Generator().manual_seed(seed)
    probabilities = torch.randn(2, classes, 8, 8, generator=drawn).mul(2).softmax(1)
    labels = torch.randint(0, classes, (4, 8, 8), generator=drawn)
    return probabilities, torch.ones(2, 8, 8, dtype=torch.bool), labels


def test_result_is_the_equation_in_float64():
    probabilities, is_counted, labels = some()
    is_counted[0, :3] = False
    labels[1] = 255
    found = ClassAlignment(3)(probabilities, is_counted, labels)
    p = torch.stack([(labels[labels != 255] == c).double().mean() for c in range(3)])
    q = torch.stack([probabilities[:, c][is_counted].double().mean() for c in range(3)])
    expected = probabilities.double() * (p / q)[None, :, None, None]
    torch.testing.assert_close(
        found.double(), expected / expected.sum(1, keepdim=True), rtol=1e-5, atol=1e-6
    )
    torch.testing.assert_close(found.sum(1), torch.ones(2, 8, 8))


def test_equal_shares_change_nothing():
    uniform = torch.full((1, 2, 4, 4), 0.5)
    labels = torch.tensor([[0, 1], [1, 0]])[None]
    counted = torch.ones(1, 4, 4, dtype=torch.bool)
    torch.testing.assert_close(ClassAlignment(2)(uniform, counted, labels), uniform)


def test_a_class_that_is_predicted_too_rarely_gains():
    drawn = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 2, 32, 32, generator=drawn)
    logits[:, 0] += 1.5
    probabilities = logits.softmax(1)
    labels = torch.randint(0, 2, (2, 32, 32), generator=drawn)
    found = ClassAlignment(2)(probabilities, torch.ones(2, 32, 32, dtype=torch.bool), labels)
    before, after = (float((p.argmax(1) == 1).float().mean()) for p in (probabilities, found))
    assert before < 0.2
    assert 0.35 < after < 0.6


def test_averages_start_plain_then_follow_slowly():
    align = ClassAlignment(2, momentum=0.9)
    counted, sure = torch.ones(1, 2, 2, dtype=torch.bool), torch.zeros(1, 2, 2, 2)
    sure[:, 1] = 1
    zeros, ones = torch.zeros(1, 2, 2, dtype=torch.long), torch.ones(1, 2, 2, dtype=torch.long)
    align(sure, counted, zeros)
    torch.testing.assert_close(align.labelled, torch.tensor([1.0, 0.0]))
    for _ in range(99):
        align(sure, counted, zeros)
    align(sure, counted, ones)
    torch.testing.assert_close(align.labelled, torch.tensor([0.9, 0.1]))
    torch.testing.assert_close(align.predicted, torch.tensor([0.0, 1.0]))


def test_a_batch_without_labels_or_pixels_leaves_the_averages():
    align = ClassAlignment(3)
    probabilities, counted, labels = some()
    align(probabilities, counted, labels)
    before = align.labelled.clone(), align.predicted.clone()
    found = align(probabilities, torch.zeros_like(counted), torch.full_like(labels, 255))
    assert torch.isfinite(found).all()
    torch.testing.assert_close((align.labelled, align.predicted), before)


def test_it_carries_no_gradient_and_is_saved():
    align = ClassAlignment(3)
    probabilities, counted, labels = some()
    assert not align(probabilities.requires_grad_(), counted, labels).requires_grad
    assert set(align.state_dict()) == {"labelled", "predicted", "steps"}


@pytest.mark.parametrize("classes", [2, 5])
def test_a_class_that_no_label_has_is_never_a_pseudo_label(classes):
    probabilities, counted, labels = some(classes=classes)
    found = ClassAlignment(classes)(probabilities, counted, labels.clamp(max=classes - 2))
    assert not (found.argmax(1) == classes - 1).any()
