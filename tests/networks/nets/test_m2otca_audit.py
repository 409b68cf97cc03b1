"""One test for each defect found in a published example of the method.

A magazine-style article on M2OTCA prints example code, an educational reproduction that is **not**
the authors' own and that they did not release. Run as printed, it has the defects below. None of
its code is here; each test states a defect and asserts that our network does not have it.
"""

import inspect

import pytest
import torch

from monai_ext.networks.blocks.gradient_cross_attention import GradientCrossAttention
from monai_ext.networks.blocks.plan_combine import combine_prototypes
from monai_ext.networks.nets.m2otca import M2OTCA
from monai_ext.ops.regions import count_regions, spatial_regions
from monai_ext.ops.sinkhorn import sinkhorn
from monai_ext.testing.random_bags import random_bag

CHANNELS, M = [7, 5, 6], 6


def build(**switches) -> M2OTCA:
    torch.manual_seed(0)  # noqa: TID251
    settings = {"m": M, "hidden_dim": 16, "attention_dim": 8, **switches}
    return M2OTCA(CHANNELS, 2, **settings)


@pytest.fixture
def bag(rng: torch.Generator) -> torch.Tensor:
    return random_bag(CHANNELS, (4, 3), generator=rng, keep=0.4, m=M)[None]


@pytest.mark.parametrize("grad_detach", [True, False])
def test_inference_needs_no_autograd(bag, grad_detach):
    """Defect: the gradient weights call autograd, which fails where there is no graph."""
    net = build(grad_detach=grad_detach).eval()
    expected = net.explain(bag)["region_weights"]
    for context in (torch.no_grad, torch.inference_mode):
        with context():
            weights = net.explain(bag)["region_weights"]
        torch.testing.assert_close(weights, expected.detach())
        assert weights.unique().numel() > 2


@pytest.mark.parametrize("grad_target", ["predicted", "soft"])
def test_labels_cannot_reach_the_logits(bag, grad_target):
    """Defect: training weighs regions by the gradient of the true class, testing by class 0."""
    assert list(inspect.signature(M2OTCA.forward).parameters) == ["self", "bag"]
    net = build(grad_target=grad_target).train()
    before = net(bag)
    for label in (0, 1):
        net.grad_attention.audit_label = torch.tensor([label])
        assert torch.equal(net(bag), before)
    assert torch.equal(net.eval()(bag), before)


def test_every_encoder_learns_through_the_attention(bag):
    """Defect: prototypes are detached, so the encoders of the coarser levels never train."""
    net = build()
    net(bag).square().sum().backward()
    for parts in (net.pools, net.region_heads):
        for level in range(3):
            for name, parameter in parts[level].named_parameters():
                assert parameter.grad is not None, (level, name)
                assert parameter.grad.abs().max() > 1e-9, (level, name)


def test_guide_learns_from_the_transport_plan(bag):
    """Defect: the plan has no gradient to the guide's prototypes."""
    net = build(use_grad=False)
    coarse = net.branch_logits(bag)[:, 1:].square().sum()
    (grad,) = torch.autograd.grad(coarse, net.pools[0].embed.weight)
    assert grad.abs().max() > 1e-6
    detached = build(use_grad=False, sinkhorn_grad="detach")
    coarse = detached.branch_logits(bag)[:, 1:].square().sum()
    (grad,) = torch.autograd.grad(coarse, detached.pools[0].embed.weight)
    assert grad.abs().max() == 0


def test_coarse_levels_reach_the_logits(bag, rng):
    """Defect: an unnormalised plan times a raw gradient shrinks coarse prototypes to 1e-7."""
    net, other = build(), bag.clone()
    coarse = bag[0, 0] > 0
    other[0, 4:, coarse] = torch.randn(7, int(coarse.sum()), generator=rng)
    change = (net.branch_logits(other) - net.branch_logits(bag)).abs()[0, 1:].amax(1)
    assert change.min() > 1e-3
    shrunk = build(plan_norm="none", grad_norm="none")
    change = (shrunk.branch_logits(other) - shrunk.branch_logits(bag)).abs()[0, 1:].amax(1)
    assert change.max() < 1e-3


def test_weight_of_the_guide_scales_the_guides_side_of_the_plan():
    """Defect: the weight of guide region u multiplies coarse row v."""
    plan = torch.tensor([[0.4, 0.1], [0.1, 0.4]])
    prototypes = torch.eye(2)
    out = combine_prototypes(plan, torch.tensor([1.0, 0.0]), prototypes, "literal", "none")
    torch.testing.assert_close(out, torch.tensor([[0.4, 0.0], [0.1, 0.0]]))


def test_default_pool_tells_regions_apart():
    """Defect: pooling the gradient over its width gives nearly one sign for all regions."""
    mixed = {"cam": 0, "feature": 0}
    for seed in range(40):
        generator = torch.Generator().manual_seed(seed)
        bag = random_bag(CHANNELS, (4, 3), generator=generator, keep=0.4, m=M)[None]
        for pool in mixed:
            torch.manual_seed(seed)  # noqa: TID251
            net = M2OTCA(
                CHANNELS, 2, m=M, hidden_dim=16, attention_dim=8, levels=(0,),
                grad_pool=pool, grad_norm="none",
            )  # fmt: skip
            weights = net.explain(bag)["region_weights"]
            mixed[pool] += int((weights > 0).any() and (weights == 0).any())
    assert mixed["feature"] <= 3
    assert mixed["cam"] >= 10
    assert inspect.signature(M2OTCA).parameters["grad_pool"].default == "cam"


def test_weights_are_ones_when_every_gradient_is_negative():
    """Defect: rectified weights that are all zero erase the coarse branches."""
    x, mask = torch.ones(1, 4, 3), torch.tensor([[True, True, True, False]])
    weights = GradientCrossAttention("feature")(-x, x, mask)
    assert weights.tolist() == [[1.0, 1.0, 1.0, 0.0]]


@pytest.mark.parametrize("n", [75, 59, 20])
def test_spatial_regions_are_even_and_hold_no_copies(n):
    """Defect: by count, the last region takes the remainder; spare ones repeat one instance."""
    zero, order = torch.zeros(n), torch.arange(n)
    sizes = spatial_regions(zero, zero, order, 30).bincount(minlength=30)
    assert sizes.sum() == n
    assert sizes.max() - sizes[: min(n, 30)].min() <= 1
    assert count_regions(zero, zero, order, 30).bincount(minlength=30).sum() == n


def test_region_is_the_same_tissue_at_every_level(rng):
    """Defect: each level is cut by its own count, so region k differs between levels."""
    bag = random_bag(CHANNELS, (5, 5), generator=rng, keep=0.3, m=M)
    level, row, col, region = bag[:4].long()
    coarse = {
        cell: int(name)
        for *cell, name in zip(*(x[level == 2].tolist() for x in (row, col, region)), strict=True)
        for cell in [tuple(cell)]
    }
    for gap in (1, 2):
        fine = level == 2 - gap
        parents = zip((row[fine] >> gap).tolist(), (col[fine] >> gap).tolist(), strict=True)
        assert [coarse[cell] for cell in parents] == region[fine].tolist()


@pytest.mark.parametrize(("scale", "epsilon"), [(1.0, 0.005), (20.0, 0.01)])
def test_plan_keeps_its_mass(rng, scale, epsilon):
    """Defect: kernel-domain iterations with a guard term lose mass (0.95 and 0.26 of 1)."""
    cost = scale * torch.rand(2, 30, 30, generator=rng)
    plan = sinkhorn(cost, epsilon=epsilon, n_iters=50).plan
    torch.testing.assert_close(plan.sum(2), torch.full((2, 30), 1 / 30))


def test_one_call_takes_any_batch_and_a_width_for_each_level(bag):
    """Defect: one bag at a time, one feature width for all levels, a loop over regions."""
    net = build().eval()
    assert [pool.in_channels for pool in net.pools] == CHANNELS
    both = net(torch.cat([bag, bag.flip(2)]))
    torch.testing.assert_close(both[0], both[1])


def leak(grad_target: str, steps: int = 150) -> float:
    """Training accuracy on noise with random labels, always fresh."""
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)  # noqa: TID251
    net = M2OTCA(
        8, 2, m=4, hidden_dim=16, attention_dim=8, levels=(0, 1), n_iters=10,
        grad_target=grad_target, grad_pool="feature", grad_norm="none",
    )  # fmt: skip
    layout = random_bag(8, (2, 4), generator=generator, levels=(0, 1), m=4)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-2)
    hits = []
    for _ in range(steps):
        label = torch.randint(2, (16,), generator=generator)
        bags = layout.repeat(16, 1, 1)
        bags[:, 4:] = torch.randn(bags[:, 4:].shape, generator=generator)
        net.grad_attention.audit_label = label
        logits = net(bags)
        hits.append((logits.argmax(1) == label).float().mean())
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(logits, label).backward()
        optimizer.step()
    return float(torch.stack(hits[steps // 2 :]).mean())


@pytest.mark.slow
def test_noise_with_random_labels_cannot_be_learnt():
    """Defect: with the label as gradient target the network fits noise; predicted cannot."""
    assert abs(leak("predicted") - 0.5) < 0.04
    assert leak("label") > 0.6
