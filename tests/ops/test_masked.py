import pytest
import torch

from monai_ext.ops.masked import masked_mean, masked_softmax


@pytest.fixture
def scores(rng: torch.Generator) -> torch.Tensor:
    return torch.randn(3, 6, generator=rng)


@pytest.fixture
def mask() -> torch.Tensor:
    return torch.tensor([[True] * 6, [True, False, True, False, True, False], [False] * 6])


def test_softmax_equals_softmax_of_the_real_entries(scores, mask):
    out = masked_softmax(scores, mask)
    torch.testing.assert_close(out[0], scores[0].softmax(0))
    torch.testing.assert_close(out[1][mask[1]], scores[1][mask[1]].softmax(0))
    assert out[1][~mask[1]].tolist() == [0.0] * 3


def test_softmax_without_real_entry_is_zero_with_finite_gradient(scores, mask):
    scores.requires_grad_()
    out = masked_softmax(scores, mask)
    assert out[2].tolist() == [0.0] * 6
    (out * torch.arange(6)).sum().backward()
    assert scores.grad is not None
    assert scores.grad.isfinite().all()
    assert scores.grad[0].abs().sum() > 0


@pytest.mark.parametrize("size", [1e6, -1e6])
def test_softmax_is_stable_for_large_scores(scores, mask, size):
    out = masked_softmax(scores + size, mask)
    torch.testing.assert_close(out[:2].sum(1), torch.ones(2))


def test_softmax_of_an_empty_axis_is_empty():
    assert masked_softmax(torch.zeros(2, 0), torch.zeros(2, 0, dtype=torch.bool)).shape == (2, 0)


def test_mean_ignores_masked_entries(scores, mask):
    wild = scores.masked_fill(~mask, 1e20)
    out = masked_mean(wild, mask, 1)
    torch.testing.assert_close(out[1], scores[1][mask[1]].mean())
    assert out[2] == 0


@pytest.mark.parametrize("function", [masked_softmax, masked_mean])
def test_functions_script_to_the_same_values(scores, mask, function):
    scripted = torch.jit.script(function)
    torch.testing.assert_close(scripted(scores, mask, 1), function(scores, mask, 1))
