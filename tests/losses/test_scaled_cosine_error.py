"""Angles, exponents, masks and edges of the reconstruction error."""

import pytest
import torch

from monai_ext.losses.scaled_cosine_error import ScaledCosineError


@pytest.fixture
def pair(rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    x, y = torch.randn(2, 3, 8, 5, generator=rng, dtype=torch.float64)
    return x, y, torch.rand(3, 8, generator=rng) < 0.6


@pytest.mark.parametrize("alpha", [1.0, 2.0, 3.0])
def test_it_is_the_mean_over_masked_rows_of_each_bag(pair, alpha):
    x, y, mask = pair
    each = (1 - torch.cosine_similarity(x, y, dim=2)) ** alpha
    expected = torch.stack([row[m].mean() for row, m in zip(each, mask, strict=True)])
    torch.testing.assert_close(ScaledCosineError(alpha)(x, y, mask), expected)


def test_lengths_do_not_count_and_opposite_is_two(pair):
    x, _, mask = pair
    error = ScaledCosineError()
    torch.testing.assert_close(error(x, 7 * x, mask), torch.zeros(3).double())
    torch.testing.assert_close(error(x, -0.1 * x, mask), torch.full((3,), 2.0).double())


def test_rows_outside_the_mask_and_empty_masks_change_nothing(pair):
    x, y, mask = pair
    other = torch.where(mask.unsqueeze(2), x, 100.0)
    error = ScaledCosineError(2.0)
    torch.testing.assert_close(error(other, y, mask), error(x, y, mask))
    assert error(x, y, torch.zeros_like(mask)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("alpha", [1.0, 0.5, 2.0])
def test_gradcheck_and_finite_gradients_at_the_edges(pair, alpha):
    x, y, mask = pair
    error = ScaledCosineError(alpha)
    assert torch.autograd.gradcheck(lambda v: error(v, y, mask), x.clone().requires_grad_())
    for start in (torch.zeros_like(x), y.clone()):
        start.requires_grad_()
        error(start, y, mask).sum().backward()
        assert start.grad is not None
        assert start.grad.isfinite().all()


def test_zero_exponent_is_refused():
    with pytest.raises(ValueError, match=r"alpha=0 must be above 0"):
        ScaledCosineError(0)
