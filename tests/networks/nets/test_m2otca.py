"""Laws of the network: what must change its output, what must not, what stays finite."""

import pytest
import torch

from monai_ext.networks.nets.m2otca import M2OTCA
from monai_ext.networks.nets.multi_level_abmil import MultiLevelABMIL
from monai_ext.ops.bag_layout import pad_bags
from monai_ext.testing.random_bags import random_bag

CHANNELS, M = [7, 5, 6], 6
SWITCHES = [
    {},
    {"use_ot": False},
    {"use_grad": False},
    {"use_ot": False, "use_grad": False},
    {"matching": "self_attn"},
    {"matching": "similarity"},
    {"matching": "none"},
    {"combine": "barycentric"},
    {"combine": "transported", "plan_norm": "none"},
    {"grad_pool": "feature", "grad_norm": "none"},
    {"grad_pool": "grad_x_input", "grad_target": "soft", "grad_detach": False},
    {"grad_target": "label"},
    {"head": "mean"},
    {"region_pool": "mean"},
    {"region_head": "lse"},
    {"region_head": "lse", "use_ot": False, "combine": "barycentric"},
    {"guide_level": 1},
    {"levels": (0,)},
    {"levels": (0, 2)},
    {"levels": (1, 2), "cost": "cosine", "cost_scale": "max"},
    {"sinkhorn_grad": "unroll", "cost": "sqeuclidean"},
]


def build(**switches) -> M2OTCA:
    torch.manual_seed(0)  # noqa: TID251
    settings = {"m": M, "hidden_dim": 16, "attention_dim": 8, **switches}
    return M2OTCA(CHANNELS, 3, **settings).eval()


@pytest.fixture
def bag(rng: torch.Generator) -> torch.Tensor:
    return random_bag(CHANNELS, (4, 3), generator=rng, keep=0.4, m=M)[None]


def without(bag: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
    return bag[:, :, ~columns]


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_every_parameter_gets_a_gradient(bag, switches):
    if switches.get("grad_norm") == "none":
        switches = {**switches, "grad_norm": "max"}  # raw weights may all be zero
    net = build(**switches).train()
    net(bag).square().sum().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().max() > 1e-9, name


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_explanation_adds_up(bag, switches):
    net = build(**switches)
    out = net.explain(bag)
    assert torch.equal(out["logits"], net(bag))
    assert torch.equal(out["branch_logits"], net.branch_logits(bag))
    levels = switches.get("levels", (0, 1, 2))
    for level in range(3):
        share = out["attention"][bag[:, 0] == level].sum()
        torch.testing.assert_close(share, torch.tensor(float(level in levels)))
    ones = torch.ones(1, len(levels))
    torch.testing.assert_close(out["region_attention"].sum(2), ones)
    torch.testing.assert_close(out["plans"].sum((2, 3)), ones[:, 1:])
    assert torch.equal(out["regions"], bag[:, 3].long())
    assert out["region_weights"].min() >= 0


def test_attention_is_region_weight_times_weight_within_the_region(bag):
    out = build().explain(bag)
    for level in range(3):
        for region in range(M):
            here = (bag[0, 0] == level) & (bag[0, 3] == region)
            torch.testing.assert_close(
                out["attention"][0, here].sum(), out["region_attention"][0, level, region]
            )


@pytest.mark.parametrize("level", [1, 2])
def test_other_coarse_features_change_the_branch_and_the_logits(bag, rng, level):
    net = build()
    other = bag.clone()
    here = bag[0, 0] == level
    other[0, 4:, here] = torch.randn(len(bag[0]) - 4, int(here.sum()), generator=rng)
    change = (net.explain(other)["branch_logits"] - net.explain(bag)["branch_logits"]).abs()
    assert change[0, level].max() > 1e-3
    assert (net(other) - net(bag)).abs().max() > 1e-3


def test_moving_an_instance_to_another_region_matters(bag):
    net, moved = build(), bag.clone()
    moved[0, 3, 0] = (moved[0, 3, 0] + 3) % M
    assert (net(moved) - net(bag)).abs().max() > 1e-5


def test_instances_without_a_region_take_no_part(bag, rng):
    net = build()
    extra = random_bag(CHANNELS, (1, 1), generator=rng)[None]
    torch.testing.assert_close(net(torch.cat([bag, extra], 2)), net(bag))


def test_levels_that_the_net_does_not_use_are_ignored(bag):
    net = build(levels=(0, 2))
    torch.testing.assert_close(net(without(bag, bag[0, 0] == 1)), net(bag))


def test_one_region_without_attention_is_independent_abmil(bag):
    net = build(m=1, use_ot=False, use_grad=False)
    baseline = MultiLevelABMIL(CHANNELS, 3, hidden_dim=16, attention_dim=8).eval()
    for k in range(3):
        baseline.embeds[k].load_state_dict(net.pools[k].embed.state_dict())
        baseline.aggregators[k].load_state_dict(net.pools[k].attention.state_dict())
        baseline.classifiers[k].load_state_dict(net.region_heads[k].classifier.state_dict())
    baseline.head.load_state_dict(net.head.state_dict())
    bag[:, 3] = 0
    torch.testing.assert_close(net(bag), baseline(bag))


@pytest.mark.parametrize("matching", ["ot", "none"])
def test_without_attention_branches_do_not_see_each_other(bag, matching):
    off = {"use_ot": matching == "none", "use_grad": False, "matching": matching}
    net = build(**off)
    whole = net.explain(bag)["branch_logits"]
    for level in range(3):
        alone = without(bag, bag[0, 0] != level)
        torch.testing.assert_close(net.explain(alone)["branch_logits"][:, level], whole[:, level])


@pytest.mark.parametrize("combine", ["literal", "barycentric", "transported"])
def test_without_attention_a_region_that_the_guide_lacks_still_counts(bag, combine):
    net = build(use_ot=False, use_grad=False, combine=combine)
    lacking = without(bag, (bag[0, 0] == 0) & (bag[0, 3] < 3))
    found, whole = net.branch_logits(lacking), net.branch_logits(bag)
    torch.testing.assert_close(found[:, 1:], whole[:, 1:])
    assert (found[:, 0] - whole[:, 0]).abs().max() > 1e-5


@pytest.mark.parametrize("combine", ["literal", "barycentric", "transported"])
@pytest.mark.parametrize("lacking", [0, 2])
@pytest.mark.parametrize("regions", [3, M])
def test_attention_sums_to_one_where_levels_have_different_regions(bag, combine, lacking, regions):
    part = without(bag, (bag[0, 0] == lacking) & (bag[0, 3] < regions))
    attention = build(combine=combine).explain(part)["attention"]
    for level in {0, 1, 2} - ({lacking} if regions == M else set()):
        torch.testing.assert_close(attention[part[:, 0] == level].sum(), torch.tensor(1.0))


def test_matchings_and_weights_give_different_logits(bag):
    outputs = [build(**switches)(bag) for switches in SWITCHES[:4]]
    for k, first in enumerate(outputs):
        for second in outputs[k + 1 :]:
            assert (first - second).abs().max() > 1e-5


def hard_bags(bag: torch.Tensor) -> dict[str, torch.Tensor]:
    level, region = bag[0, 0], bag[0, 3]
    return {
        "no_guide": without(bag, level == 0),
        "no_middle": without(bag, level == 1),
        "only_guide": without(bag, level > 0),
        "one_instance": bag[:, :, :1],
        "no_instance": bag[:, :, :0],
        "only_padding": pad_bags([bag[0], bag[0, :, :0]])[1:],
        "empty_regions": without(bag, region % 2 == 0),
        "one_region": without(bag, region != 2),
        "regions_differ": without(bag, (level == 0) == (region < 3)),
        "no_regions": torch.cat([bag[:, :3], -torch.ones_like(bag[:, 3:4]), bag[:, 4:]], 1),
        "equal_features": torch.cat([bag[:, :4], torch.ones_like(bag[:, 4:])], 1),
        "zero_features": torch.cat([bag[:, :4], torch.zeros_like(bag[:, 4:])], 1),
        "huge_features": torch.cat([bag[:, :4], 1e6 * bag[:, 4:]], 1),
    }


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_hard_bags_are_finite_with_finite_gradients(bag, switches):
    net = build(**switches).train()
    for name, values in hard_bags(bag).items():
        hard = values.clone().requires_grad_()
        net.zero_grad()
        logits = net(hard)
        logits.square().sum().backward()
        assert logits.isfinite().all(), name
        assert hard.grad is not None
        assert hard.grad.isfinite().all(), name
        for key, value in net.explain(hard).items():
            assert value.isfinite().all(), (name, key)
        for key, parameter in net.named_parameters():
            assert parameter.grad is None or parameter.grad.isfinite().all(), (name, key)


def test_empty_regions_are_masked_and_not_filled_with_copies(bag):
    net = build()
    half = hard_bags(bag)["empty_regions"]
    out = net.explain(half)
    assert out["region_attention"][..., ::2].abs().sum() == 0
    assert out["plans"][..., ::2, :].abs().sum() == 0
    assert out["plans"][..., ::2].abs().sum() == 0
    renumbered = half.clone()
    renumbered[:, 3] = (half[:, 3] - 1) / 2
    smaller = build(m=M // 2)
    smaller.load_state_dict(net.state_dict())
    torch.testing.assert_close(smaller(renumbered), net(half))


@pytest.mark.parametrize("switches", [{}, {"combine": "barycentric", "matching": "self_attn"}])
def test_autocast_is_finite_and_close(bag, switches):
    net = build(**switches)
    expected = net(bag)
    for hard in hard_bags(bag).values():
        with torch.autocast("cpu", torch.bfloat16):
            out = net(hard)
        assert out.dtype == torch.float32
        assert out.isfinite().all()
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(net(bag), expected, rtol=0.1, atol=0.05)
        net.train()(bag).square().sum().backward()
    assert all(p.grad.isfinite().all() for p in net.parameters() if p.grad is not None)


def test_width_of_each_level_is_its_own(bag):
    net, noisy = build(), bag.clone()
    for level, width in enumerate(CHANNELS):
        noisy[0, 4 + width :, bag[0, 0] == level] = 1e9
    assert torch.equal(net(noisy), net(bag))


def test_input_layers_are_the_branches_own(bag):
    layers = build(levels=(0, 2)).input_layers()
    assert [(level, layer.in_features) for level, layer in layers] == [(0, 7), (2, 6)]


@pytest.mark.parametrize(
    ("switches", "message"),
    [
        ({"guide_level": 3}, r"guide_level=3 is none of levels=\[0, 1, 2\]"),
        ({"head": "sum"}, "head=sum is unknown: use concat_fc or mean"),
        ({"combine": "sum"}, "combine=sum is unknown"),
        ({"plan_norm": "sum"}, "plan_norm=sum is unknown"),
        ({"cost": "l1"}, "metric=l1 is unknown"),
        ({"epsilon": 0.0}, "epsilon=0.0 must be positive"),
        ({"sinkhorn_grad": "last"}, "grad=last is unknown"),
    ],
)
def test_wrong_settings_are_refused_when_built(switches, message):
    with pytest.raises(ValueError, match=message):
        build(**switches)
