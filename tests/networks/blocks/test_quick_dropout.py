"""Rate, scale, gradient and source of the random numbers."""

import pytest
import torch

from monai_ext.networks.blocks.quick_dropout import QuickDropout


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)  # noqa: TID251


@pytest.mark.parametrize("p", [0.05, 0.3, 0.9])
def test_a_share_p_is_dropped_and_the_rest_scaled(p):
    x = torch.ones(400, 501)
    y = QuickDropout(p)(x)
    assert abs(float((y == 0).float().mean()) - p) < 0.005
    kept = y[y != 0]
    torch.testing.assert_close(kept, torch.full_like(kept, 1 / (1 - p)), rtol=2e-4, atol=0)


def test_numbers_are_dropped_independently():
    y = (QuickDropout(0.5)(torch.ones(4000, 5)) == 0).float()
    together = torch.corrcoef(y.T) - torch.eye(5)
    assert together.abs().max() < 0.06


def test_gradient_is_that_of_the_same_mask():
    x = torch.rand(7, 11, dtype=torch.float64).add_(1).requires_grad_()
    y = QuickDropout(0.4)(x)
    g = torch.randn(7, 11, dtype=torch.float64)
    (grad,) = torch.autograd.grad(y, x, g)
    torch.testing.assert_close(grad, g * (y / x).detach())
    assert 0.1 < (grad == 0).float().mean() < 0.8


def test_draws_follow_the_global_generator_and_differ():
    layer, x = QuickDropout(0.5), torch.ones(100)
    first, second = layer(x), layer(x)
    torch.manual_seed(0)  # noqa: TID251
    assert torch.equal(layer(x), first)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_nothing_or_all_is_exact(p):
    x = torch.randn(9)
    assert torch.equal(QuickDropout(p)(x), x * (1 - p))


def test_eval_and_script_in_eval_are_the_identity():
    x, layer = torch.randn(9), QuickDropout(0.5).eval()
    assert torch.equal(layer(x), x)
    assert torch.equal(torch.jit.script(layer)(x), x)
    assert not torch.equal(torch.jit.script(QuickDropout(0.5))(x), x)


def test_empty_tensors_pass():
    assert QuickDropout(0.5)(torch.ones(0, 3)).shape == (0, 3)
