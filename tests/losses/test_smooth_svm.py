import math

import pytest
import torch

from monai_ext.losses.smooth_svm import SmoothSVM


@pytest.fixture
def scores(rng) -> torch.Tensor:
    return 3 * torch.randn(6, 4, generator=rng, dtype=torch.float64)


LABEL = torch.tensor([0, 1, 2, 3, 1, 0])


def test_it_is_the_articles_sum(scores):
    expected = []
    for row, label in zip(scores.tolist(), LABEL.tolist(), strict=True):
        reach = [s + (0.7 if j != label else 0.0) - row[label] for j, s in enumerate(row)]
        expected.append(0.5 * math.log(sum(math.exp(r / 0.5) for r in reach)))
    torch.testing.assert_close(SmoothSVM(0.7, 0.5)(scores, LABEL), scores.new_tensor(expected))


def test_without_margin_it_is_the_cross_entropy(scores):
    expected = torch.nn.functional.cross_entropy(scores, LABEL, reduction="none")
    torch.testing.assert_close(SmoothSVM(0.0)(scores, LABEL), expected)


def test_cold_it_is_the_hinge(scores):
    margins = scores + 1 - torch.nn.functional.one_hot(LABEL, 4)
    hinge = margins.amax(1) - scores[torch.arange(6), LABEL]
    torch.testing.assert_close(SmoothSVM(1.0, 1e-3)(scores, LABEL), hinge, atol=2e-3, rtol=0)


def test_large_scores_stay_finite():
    loss = SmoothSVM()(torch.tensor([[3e4, -3e4]]), torch.tensor([1]))
    torch.testing.assert_close(loss, torch.tensor([6e4 + 1]))


@pytest.mark.parametrize("bad", [(-1.0, 1.0), (1.0, 0.0)])
def test_numbers_out_of_range_are_refused(bad):
    with pytest.raises(ValueError, match=r"margin=.*temperature="):
        SmoothSVM(*bad)
