"""Values and gradients are those of torch's own PReLU."""

import pytest
import torch

from monai_ext.networks.blocks.quick_prelu import QuickPReLU


@pytest.mark.parametrize("slope", [0.25, -0.5, 1.7])
def test_values_and_gradients_equal_torchs(rng, slope):
    x = torch.randn(6, 5, generator=rng, dtype=torch.float64).requires_grad_()
    results = []
    for layer in (QuickPReLU().double(), torch.nn.PReLU().double()):
        torch.nn.init.constant_(layer.weight, slope)
        y = layer(x)
        results.append([y, *torch.autograd.grad(y.sin().sum(), [x, layer.weight])])
    for found, expected in zip(*results, strict=True):
        torch.testing.assert_close(found, expected)
    assert results[0][2].shape == (1,)


def test_script_equals_eager(rng):
    x, layer = torch.randn(6, 5, generator=rng), QuickPReLU()
    assert torch.equal(torch.jit.script(layer)(x), layer(x))
    assert torch.equal(layer(x), torch.where(x > 0, x, 0.25 * x))
