"""The folded product equals standardising first."""

import pytest
import torch

from monai_ext.networks.blocks.standardized_linear import StandardizedLinear


def test_equals_standardising_first(rng):
    layer = StandardizedLinear(7, 3).double()
    x = 5 + 2 * torch.randn(4, 9, 7, generator=rng, dtype=torch.float64)
    mean, std = x.flatten(0, 1).mean(0), x.flatten(0, 1).std(0)
    layer.set_statistics(mean, std)
    expected = ((x - mean) / std) @ layer.weight.T + layer.bias
    torch.testing.assert_close(layer(x), expected)


def test_is_a_plain_linear_layer_before(rng):
    layer = StandardizedLinear(7, 3)
    x = torch.randn(4, 7, generator=rng)
    torch.testing.assert_close(layer(x), x @ layer.weight.T + layer.bias)


def test_statistics_travel_with_the_weights(rng):
    first, second = StandardizedLinear(5, 2), StandardizedLinear(5, 2)
    first.set_statistics(torch.arange(5.0), torch.full((5,), 2.0))
    second.load_state_dict(first.state_dict())
    x = torch.randn(3, 5, generator=rng)
    torch.testing.assert_close(second(x), first(x))


def test_constant_channel_stays_finite():
    layer = StandardizedLinear(2, 1)
    layer.set_statistics(torch.tensor([3.0, 0.0]), torch.tensor([0.0, 1.0]))
    out = layer(torch.tensor([[3.0, 0.0]]))
    torch.testing.assert_close(out, layer.bias.detach()[None].expand_as(out), check_stride=False)


@pytest.mark.parametrize("bad", [torch.ones(3), torch.tensor([1.0, float("nan")])])
def test_wrong_statistics_are_refused(bad):
    with pytest.raises(ValueError, match="must be 2 finite numbers"):
        StandardizedLinear(2, 1).set_statistics(bad, torch.ones(2))
