"""Class weights act on one bag as on many."""

import pytest
import torch

from monai_ext.losses import WeightedCrossEntropy


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_equals_its_equation(rng, smoothing):
    logits = torch.randn(5, 3, generator=rng, dtype=torch.float64)
    labels = torch.tensor([0, 2, 1, 1, 0])
    weight = [0.5, 2.0, 3.0]
    target = torch.full((5, 3), smoothing / 3, dtype=torch.float64)
    target[torch.arange(5), labels] += 1 - smoothing
    each = -(target * (logits - logits.logsumexp(1, keepdim=True))).sum(1)
    expected = sum(weight[y] * float(e) for y, e in zip(labels, each, strict=True)) / 5
    found = WeightedCrossEntropy(weight, smoothing)(logits, labels)
    assert float(found) == pytest.approx(expected, rel=1e-6)


def test_weight_counts_for_a_single_bag():
    logits, label = torch.zeros(1, 2), torch.tensor([1])
    heavy = WeightedCrossEntropy([1.0, 4.0])(logits, label)
    light = WeightedCrossEntropy()(logits, label)
    torch.testing.assert_close(heavy, 4 * light)
