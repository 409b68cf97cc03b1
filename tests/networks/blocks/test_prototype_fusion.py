"""Laws of the plan and of each way to a score; an independent reading in float64."""

import numpy as np
import ot
import pytest
import torch

from monai_ext.networks.blocks.prototype_fusion import FUSIONS, FusionSettings

WIDTH, K_V, K_T = 64, 5, 7
SCORES = ["sot", "concat", "cross_attn", "sum"]


def build(fusion="sot", **settings):
    torch.manual_seed(0)  # noqa: TID251
    wanted = {"epsilon": 0.05, "n_iters": 20, "num_vision": K_V, **settings}
    return FUSIONS[fusion](FusionSettings(WIDTH, num_text=K_T, num_heads=4, **wanted)).double()


@pytest.fixture
def inputs(rng):
    shapes = ((2, 11, WIDTH), (K_V, WIDTH), (K_T, WIDTH))
    x, vision, text = (torch.randn(s, generator=rng, dtype=torch.float64) for s in shapes)
    mask = torch.ones(2, 11, dtype=torch.bool)
    mask[1, 8:] = False
    return x, mask, vision, text


def cosine(x, y):
    x, y = (v / np.linalg.norm(v, axis=-1, keepdims=True) for v in (x, y))
    return x @ y.T


def softmax(values):
    return np.exp(values) / np.exp(values).sum()


def marginals(x, vision, text):
    return [softmax(cosine(x, bank).mean(0)) for bank in (vision, text)]


def reading(x, vision, text, epsilon=0.05, n_iters=2000):
    """Plan and score of one bag as the equations say, the plan by POT."""
    mu, nu = marginals(x, vision, text)
    plan = ot.bregman.sinkhorn_log(
        mu, nu, 1 - cosine(vision, text), epsilon, numItermax=n_iters, stopThr=0, warn=False
    )
    s_v, s_t = cosine(x, vision), cosine(x, text)
    return plan, np.array([s_v[j] @ plan @ s_t[j] for j in range(len(x))])


def test_transport_equals_an_independent_reading(inputs):
    x, mask, vision, text = inputs
    found = build(n_iters=2000)(x, mask, vision, text)
    for b in range(2):
        real = mask[b].numpy()
        plan, score = reading(x[b].numpy()[real], vision.numpy(), text.numpy())
        np.testing.assert_allclose(found.plan[b], plan, rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(found.score[b].numpy()[real], score, rtol=1e-8, atol=1e-12)


def test_one_plan_an_instance_equals_bags_of_one_instance(inputs):
    x, mask, vision, text = inputs
    found = build(ot_level="instance")(x, mask, vision, text)
    singles = build()(x[1].unsqueeze(1), mask[1].unsqueeze(1), vision, text)
    torch.testing.assert_close(found.score[1, :8], singles.score[:8, 0])
    torch.testing.assert_close(found.plan[1], singles.plan[:8].mean(0))
    torch.testing.assert_close(found.error[1], singles.error[:8].amax())


@pytest.mark.parametrize("ot_level", ["bag", "instance"])
def test_plan_is_positive_and_meets_its_marginals(inputs, ot_level):
    x, mask, vision, text = inputs
    found = build(ot_level=ot_level, n_iters=200)(x, mask, vision, text)
    assert found.plan.min() >= 0
    torch.testing.assert_close(found.plan.sum((1, 2)), torch.ones(2, dtype=torch.float64))
    assert found.error.max() < 1e-4
    if ot_level == "bag":
        for b in range(2):
            mu, nu = marginals(x[b][mask[b]].numpy(), vision.numpy(), text.numpy())
            np.testing.assert_allclose(found.plan[b].sum(1), mu, atol=1e-4, rtol=0)
            np.testing.assert_allclose(found.plan[b].sum(0), nu, atol=1e-4, rtol=0)


def test_error_is_how_far_the_columns_are_off(inputs):
    x, mask, vision, text = inputs
    found = build(epsilon=0.01, n_iters=2)(x, mask, vision, text)
    for b in range(2):
        _, nu = marginals(x[b][mask[b]].numpy(), vision.numpy(), text.numpy())
        off = np.abs(found.plan[b].sum(0).numpy() - nu).sum()
        np.testing.assert_allclose(found.error[b], off)
        assert off > 1e-3


def test_large_epsilon_gives_independent_marginals(inputs):
    x, mask, vision, text = inputs
    plan = build(epsilon=1e4)(x, mask, vision, text).plan
    product = plan.sum(2, keepdim=True) * plan.sum(1, keepdim=True)
    torch.testing.assert_close(plan, product, rtol=1e-3, atol=0)
    away = build()(x, mask, vision, text).plan
    assert (away - away.sum(2, keepdim=True) * away.sum(1, keepdim=True)).abs().max() > 1e-3


def test_cheap_diagonal_concentrates_the_plan(inputs):
    x, mask, vision, _ = inputs
    text = torch.cat([vision, -vision[:2]])
    plan = build(n_iters=200)(x, mask, vision, text).plan
    matched = plan.diagonal(dim1=1, dim2=2) / plan.sum(1)[:, :K_V]
    assert matched.min() > 0.99


def test_without_visual_prototypes_text_similarity_is_weighted_by_its_marginal(inputs):
    x, mask, vision, text = inputs
    found = build(num_vision=0)(x, mask, vision[:0], text)
    real = x[1][mask[1]].numpy()
    expected = cosine(real, text.numpy()) @ softmax(cosine(real, text.numpy()).mean(0))
    np.testing.assert_allclose(found.score[1, :8], expected)
    assert found.plan.shape == (2, 0, 0)


def test_sum_is_the_two_means(inputs):
    x, mask, vision, text = inputs
    found = build("sum")(x, mask, vision, text).score[0]
    x = x[0].numpy()
    expected = cosine(x, vision.numpy()).mean(1) + cosine(x, text.numpy()).mean(1)
    np.testing.assert_allclose(found, expected)


def test_concat_is_a_linear_layer_on_both(inputs):
    x, mask, vision, text = inputs
    block = build("concat")
    both = [cosine(x[0].numpy(), bank.numpy()) for bank in (vision, text)]
    both = np.concatenate(both, 1)
    expected = both @ block.join.weight[0].detach().numpy() + float(block.join.bias.detach())
    np.testing.assert_allclose(block(x, mask, vision, text).score[0].detach(), expected)


def test_cross_attention_moves_visual_prototypes_towards_texts(inputs):
    x, mask, vision, text = inputs
    block = build("cross_attn")
    ones = torch.ones(1, K_T, dtype=torch.float64)
    moved = vision + block.attention(vision, text[None], ones, ones > 0)[0][0]
    expected = cosine(x[0].numpy(), moved.detach().numpy()).mean(1)
    np.testing.assert_allclose(block(x, mask, vision, text).score[0].detach(), expected)


@pytest.mark.parametrize("ot_level", ["bag", "instance"])
@pytest.mark.parametrize("fusion", SCORES)
def test_order_of_prototypes_is_irrelevant(inputs, fusion, ot_level):
    x, mask, vision, text = inputs
    if fusion == "concat":
        pytest.skip("a linear layer knows its columns by place")
    block = build(fusion, ot_level=ot_level)
    before, after = block(x, mask, vision, text), block(x, mask, vision.flip(0), text.flip(0))
    torch.testing.assert_close(after.score, before.score)
    if fusion == "sot":
        torch.testing.assert_close(after.plan, before.plan.flip(1, 2))


def test_gradient_through_plan_and_marginals_is_right(inputs):
    x, mask, vision, text = inputs
    block = build(n_iters=300, epsilon=0.2)
    free = [
        value.clone().requires_grad_() for value in (x[1:, :4, :6], vision[:3, :6], text[:3, :6])
    ]
    assert torch.autograd.gradcheck(lambda *v: block(v[0], mask[1:, :4], v[1], v[2]).score, free)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epsilon": 0.0}, "epsilon=0.0 must be positive"),
        ({"n_iters": 0}, "n_iters=0 must be at least 1"),
        ({"ot_level": "slide"}, "ot_level=slide is unknown: use bag or instance"),
    ],
)
def test_wrong_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        build(**settings)
