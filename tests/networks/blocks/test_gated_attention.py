import pytest
import torch

from monai_ext.networks.blocks.gated_attention import GatedAttention

MASK = torch.tensor([[True] * 5, [True, False, True, False, False], [False] * 5])


@pytest.fixture
def pool(rng: torch.Generator) -> GatedAttention:
    pool = GatedAttention(4, 3).double()
    for parameter in pool.parameters():
        torch.nn.init.normal_(parameter, generator=rng)
    return pool


@pytest.fixture
def x(rng: torch.Generator) -> torch.Tensor:
    return torch.randn(3, 5, 4, generator=rng, dtype=torch.float64)


def test_pooling_equals_its_equation_on_the_real_instances(pool, x):
    pooled, attention = pool(x, MASK)
    for b in (0, 1):
        real = x[b][MASK[b]]
        value = torch.tanh(real @ pool.value.weight.T + pool.value.bias)
        gate = torch.sigmoid(real @ pool.gate.weight.T + pool.gate.bias)
        weights = ((value * gate) @ pool.score.weight[0]).softmax(0)
        torch.testing.assert_close(attention[b][MASK[b]], weights)
        torch.testing.assert_close(pooled[b], weights @ real)


def test_bag_without_instances_pools_to_zero_with_finite_gradient(pool, x):
    x.requires_grad_()
    pooled, attention = pool(x, MASK)
    assert pooled[2].abs().sum() == 0
    assert attention[2].abs().sum() == 0
    pooled.square().sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()
    assert x.grad[~MASK].abs().sum() == 0
    assert x.grad[0].abs().sum() > 0


def test_closed_form_gradient_is_autograds(pool, x, rng):
    direction = torch.randn(3, 4, generator=rng, dtype=torch.float64)
    x.requires_grad_()
    pooled, attention = pool(x, MASK)
    (expected,) = torch.autograd.grad((pooled * direction).sum(), x)
    with torch.no_grad():
        found = pool.input_gradient(x, attention, pooled, direction)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-14)


def test_attention_dropout_acts_in_training_only(x):
    torch.manual_seed(0)  # noqa: TID251
    pool = GatedAttention(4, 64, dropout=0.5).double()
    first, second = (pool(x, MASK)[1] for _ in range(2))
    assert not torch.equal(first, second)
    pool.eval()
    first, second = (pool(x, MASK)[1] for _ in range(2))
    assert torch.equal(first, second)


def test_every_parameter_gets_a_gradient(pool, x):
    pool(x, MASK)[0].square().sum().backward()
    for name, parameter in pool.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 1e-6, name
