import pytest
import torch

from monai_ext.ops.costs import COST_METRICS, cost_matrix


@pytest.fixture
def pair(rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    return (
        torch.randn(2, 4, 6, generator=rng, dtype=torch.float64),
        torch.randn(2, 3, 6, generator=rng, dtype=torch.float64),
    )


def test_costs_equal_their_definitions(pair):
    x, y = pair
    gap = x[:, :, None] - y[:, None]
    torch.testing.assert_close(cost_matrix(x, y, "sqeuclidean"), gap.square().sum(-1))
    torch.testing.assert_close(cost_matrix(x, y, "l2"), gap.norm(dim=-1))
    cosine = torch.cosine_similarity(x[:, :, None], y[:, None], dim=-1)
    torch.testing.assert_close(cost_matrix(x, y, "cosine"), 1 - cosine)


@pytest.mark.parametrize("metric", COST_METRICS)
def test_gradients_are_exact(pair, metric):
    x, y = (part.requires_grad_() for part in pair)
    assert torch.autograd.gradcheck(lambda x, y: cost_matrix(x, y, metric), (x, y))


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
@pytest.mark.parametrize("metric", COST_METRICS)
def test_gradient_is_finite_where_vectors_are_equal(pair, metric):
    x = pair[0].float().requires_grad_()
    with torch.autograd.detect_anomaly(check_nan=True):
        cost_matrix(x, x, metric).sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_equal_vectors_are_at_distance_exactly_zero(rng, offset):
    x = torch.randn(8, 64, generator=rng) + offset
    assert cost_matrix(x, x, "l2").diagonal().tolist() == [0.0] * 8
    same = x[:1].expand(8, -1)
    assert cost_matrix(same, same, "l2", "mean").abs().max() == 0


def test_common_offset_keeps_the_digits(rng):
    x, y = torch.randn(2, 8, 64, generator=rng)
    far = cost_matrix((x + 100).double(), (y + 100).double(), "l2")
    torch.testing.assert_close(cost_matrix(x + 100, y + 100, "l2").double(), far, rtol=1e-5, atol=0)


@pytest.mark.parametrize(("scale", "size"), [("mean", torch.mean), ("max", torch.max)])
def test_scale_is_taken_over_real_entries_and_is_constant(pair, scale, size):
    x, y = pair
    x_mask = torch.tensor([True, True, False, True])
    y_mask = torch.tensor([True, False, True])
    plain = cost_matrix(x, y)
    expected = size(plain[0][x_mask][:, y_mask])
    y[:, 1] = 1e4
    x.requires_grad_()
    out = cost_matrix(x, y, "l2", scale, x_mask, y_mask)
    torch.testing.assert_close(out[0, 0, 0], plain[0, 0, 0] / expected)
    (grad,) = torch.autograd.grad(out[0, 0, 0], x)
    direction = (x[0, 0] - y[0, 0]) / plain[0, 0, 0] / expected
    torch.testing.assert_close(grad[0, 0], direction.detach())


def test_half_precision_and_autocast_do_not_cost_digits(pair):
    x, y = (part.bfloat16() for part in pair)
    expected = cost_matrix(x.float(), y.float())
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(cost_matrix(x, y), expected)
        assert torch.equal(cost_matrix(x.float(), y.float()), expected)


@pytest.mark.parametrize("metric", COST_METRICS)
def test_cost_scripts_to_the_same_values(pair, metric):
    torch.testing.assert_close(
        torch.jit.script(cost_matrix)(*pair, metric, "mean"), cost_matrix(*pair, metric, "mean")
    )


def test_unknown_names_are_refused(pair):
    with pytest.raises(ValueError, match="metric=l1 is unknown: use cosine"):
        cost_matrix(*pair, "l1")
    with pytest.raises(ValueError, match="scale=sum is unknown: use none"):
        cost_matrix(*pair, "l2", "sum")
