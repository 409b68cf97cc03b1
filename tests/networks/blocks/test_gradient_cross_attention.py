import pytest
import torch

from monai_ext.networks.blocks.gated_attention import GatedAttention
from monai_ext.networks.blocks.gradient_cross_attention import GRAD_POOLS, GradientCrossAttention

MASK = torch.tensor([[True] * 6, [True, False, True, True, False, True], [False] * 6])


@pytest.fixture
def guide(rng: torch.Generator) -> dict[str, torch.Tensor]:
    """Prototypes of a guide with a linear head, and autograd's gradient for every class."""
    torch.manual_seed(0)  # noqa: TID251
    pool, head = GatedAttention(5, 4).double(), torch.nn.Linear(5, 3).double()
    x = torch.randn(3, 6, 5, generator=rng, dtype=torch.float64) * MASK.unsqueeze(2)
    x.requires_grad_()
    pooled, _ = pool(x, MASK)
    logits = head(pooled)
    grads = [torch.autograd.grad(logits[:, c].sum(), x, retain_graph=True)[0] for c in range(3)]
    return {
        "x": x.detach(),
        "logits": logits.detach(),
        "class_weight": head.weight.detach(),
        "grads": torch.stack(grads, 1),
    }


def test_pools_equal_their_definitions(guide):
    gradient, x = guide["grads"][:, 0], guide["x"]
    raw = {name: GradientCrossAttention(name, "none")(gradient, x, MASK) for name in GRAD_POOLS}
    for b in (0, 1):
        real = MASK[b]
        g, p = gradient[b][real], x[b][real]
        channel = g.mean(0)
        expected = {"feature": g.mean(1), "cam": p @ channel, "grad_x_input": (g * p).sum(1)}
        for name in GRAD_POOLS:
            torch.testing.assert_close(raw[name][b][real], expected[name].relu())
            assert raw[name][b][~real].abs().sum() == 0


@pytest.mark.parametrize("grad_pool", GRAD_POOLS)
def test_masked_regions_may_hold_anything(guide, grad_pool):
    block, masked = GradientCrossAttention(grad_pool), ~MASK.unsqueeze(2)
    gradient, x = guide["grads"][:, 0], guide["x"]
    expected = block(gradient, x, MASK)
    wild = block(gradient.masked_fill(masked, 9.0), x.masked_fill(masked, 9.0), MASK)
    torch.testing.assert_close(wild, expected)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_max_norm_has_largest_weight_one_and_falls_back_to_ones(guide, sign):
    x = guide["x"].abs()
    gradient = sign * torch.ones_like(x) * 1e-6
    weights = GradientCrossAttention("grad_x_input", "max")(gradient, x, MASK)
    torch.testing.assert_close(weights.amax(1), MASK.any(1).double())
    raw = (x.sum(2) * MASK)[:2]
    expected = raw / raw.amax(1, keepdim=True) if sign > 0 else MASK[:2].double()
    torch.testing.assert_close(weights[:2], expected)


@pytest.mark.parametrize("grad_target", ["predicted", "soft"])
def test_target_is_the_class_asked_for(guide, grad_target):
    block = GradientCrossAttention(grad_target=grad_target)
    share = guide["logits"].float().softmax(1)
    if grad_target == "predicted":
        share = torch.nn.functional.one_hot(guide["logits"].argmax(1), 3).float()
    torch.testing.assert_close(block.target(guide["logits"]), share)


def test_label_target_reads_the_label_set_from_outside_and_else_the_prediction(guide):
    block = GradientCrossAttention(grad_target="label")
    predicted = guide["logits"].argmax(1)
    assert torch.equal(block.target(guide["logits"]).argmax(1), predicted)
    block.audit_label = (predicted + 1) % 3
    assert torch.equal(block.target(guide["logits"]).argmax(1), (predicted + 1) % 3)


@pytest.mark.parametrize("grad_target", ["predicted", "soft"])
def test_other_targets_ignore_a_label(guide, grad_target):
    block = GradientCrossAttention(grad_target=grad_target)
    before = block.target(guide["logits"])
    block.audit_label = (guide["logits"].argmax(1) + 1) % 3
    assert torch.equal(block.target(guide["logits"]), before)


@pytest.mark.parametrize("grad_detach", [True, False])
def test_weights_are_constants_only_if_detached(guide, grad_detach):
    x = guide["x"].requires_grad_()
    block = GradientCrossAttention(grad_detach=grad_detach)
    assert block(guide["grads"][:, 1], x, MASK).requires_grad != grad_detach


@pytest.mark.parametrize("name", ["grad_pool", "grad_norm", "grad_target"])
def test_unknown_names_are_refused(name):
    with pytest.raises(ValueError, match=f"{name}=sum is unknown: use"):
        GradientCrossAttention(**{name: "sum"})
