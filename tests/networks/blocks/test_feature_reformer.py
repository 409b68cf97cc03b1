"""A token put in after the reformer is the token put in before it, among standardised features."""

import pytest
import torch

from monai_ext.networks.blocks.feature_reformer import REFORMERS


@pytest.fixture(params=["linear", "identity", "mlp"])
def reformer(request: pytest.FixtureRequest) -> torch.nn.Module:
    torch.manual_seed(0)  # noqa: TID251
    return REFORMERS[request.param](5, 8)


def test_standardised_features_and_tokens_pass_alike(reformer, rng):
    mean, std = torch.arange(5.0), torch.rand(5, generator=rng) + 1
    reformer.first.set_statistics(mean, std)
    z = torch.randn(7, 5, generator=rng)
    torch.testing.assert_close(reformer(z * std + mean), reformer.tokens(z), rtol=1e-4, atol=1e-5)
    assert (reformer(z) - reformer.tokens(z)).abs().max() > 0.1
    assert reformer(z).shape == z.shape


def test_tiles_do_not_meet(reformer, rng):
    z = torch.randn(2, 6, 5, generator=rng)
    torch.testing.assert_close(reformer(z)[:, 2:4], reformer(z[:, 2:4]))


def test_script_equals_eager(reformer, rng):
    z, scripted = torch.randn(7, 5, generator=rng), torch.jit.script(reformer)
    torch.testing.assert_close(scripted(z), reformer(z))
    torch.testing.assert_close(scripted.tokens(z), reformer.tokens(z))


def test_linear_is_xavier_uniform_with_the_gain_of_the_released_code():
    torch.manual_seed(0)  # noqa: TID251
    layer = REFORMERS["linear"](400, 8).first
    bound = 1.414 * (6 / 800) ** 0.5
    assert 0.99 * bound < layer.weight.abs().max() <= bound
    assert layer.bias.abs().sum() == 0
