"""Laws of the network: places count, but only relative ones and only where they should."""

import pytest
import torch

from monai_ext.networks.nets.srmil import SRMIL, spatial_name
from monai_ext.ops.bag_layout import pad_bags
from monai_ext.testing.random_bags import random_bag

CHANNELS = [7, 5, 6]
SWITCHES = [
    {},
    {"encoder": "gcn"},
    {"encoder": "gin"},
    {"encoder": "gcn", "readout": "mean", "residual": "identity"},
    {"encoder": "gcn", "readout": "attention", "residual": "none", "layers": 1},
    {"encoder": "mlp", "readout": "attention", "attention_dim": 3},
    {"readout": "lse"},
    {"readout": "lse", "encoder": "gin", "learn_temperature": True, "temperature": 0.5},
    {"readout": "attention", "reformer": "identity", "levels": (1,)},
    {"reformer": "mlp", "layers": 3, "residual": "identity"},
    {"n_super": 3, "layers": 1, "window": 3},
    {"bidirectional": False, "window": 1},
    {"spatial": "shuffled"},
    {"spatial": "none"},
    {"window": 0},
]


def build(**switches) -> SRMIL:
    torch.manual_seed(0)  # noqa: TID251
    settings = {"heads": 2, "head_dim": 8, "classifier_dim": 9, **switches}
    return SRMIL(CHANNELS, 3, **settings).eval()


@pytest.fixture
def bag(rng: torch.Generator) -> torch.Tensor:
    return random_bag(CHANNELS, (4, 3), generator=rng, keep=0.5)[None]


def moved(bag: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Tiles of each level change places."""
    other = bag.clone()
    for level in range(3):
        here = (bag[0, 0] == level).nonzero().flatten()
        order = torch.randperm(len(here), generator=rng)
        other[0, 1:3, here] = bag[0, 1:3, here[order]]
    return other


def shifted(bag: torch.Tensor) -> torch.Tensor:
    other = bag.clone()
    other[:, 1], other[:, 2] = bag[:, 1] + 40, bag[:, 2] + 3
    return other


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_every_parameter_gets_a_gradient(bag, switches):
    net = build(**switches).train()
    net(bag).square().sum().backward()
    for name, parameter in net.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            assert parameter.grad.abs().max() > 1e-9, name


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_explanation_adds_up(bag, switches):
    net = build(**switches)
    out, level = net.explain(bag), switches.get("levels", (0,))[0]
    assert torch.equal(out["logits"], net(bag))
    assert out["attention"].min() >= 0
    for k in range(3):
        share = out["attention"][bag[:, 0] == k].sum()
        torch.testing.assert_close(share, torch.tensor(float(k == level)))
    assert ("instance_logits" in out) == (switches.get("readout") == "lse")


def test_lse_logits_are_those_of_the_explained_instances(bag, rng):
    bag = bag[:, :, torch.randperm(bag.shape[2], generator=rng)]
    out = build(readout="lse").explain(bag)
    scores = out["instance_logits"][0]
    here = bag[0, 0] == 0
    expected = scores[here].exp().mean(0).log()
    torch.testing.assert_close(out["logits"][0], expected)
    assert scores[~here].abs().sum() == 0


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_moving_tiles_matters_where_the_network_looks_at_places(bag, rng, switches):
    """With one layer the supernode hears tiles before they have heard each other."""
    net = build(**switches)
    change = (net(moved(bag, rng)) - net(bag)).abs().max()
    has_supernode = switches.get("readout", "supernode") == "supernode"
    blind = switches.get("encoder") == "mlp" or switches.get("window") == 0
    if (
        blind
        or switches.get("spatial") == "none"
        or (switches.get("layers") == 1 and has_supernode)
    ):
        assert change < 1e-5
    else:
        assert change > 1e-4


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_an_offset_of_all_places_changes_nothing(bag, switches):
    net = build(**switches)
    torch.testing.assert_close(net(shifted(bag)), net(bag))


def test_one_layer_with_supernode_reads_no_neighbourhood_and_two_do(bag, rng):
    """The supernode of the first layer hears tiles before they heard each other."""
    one, two = build(layers=1), build(layers=2)
    torch.testing.assert_close(one(moved(bag, rng)), one(bag))
    assert (two(moved(bag, rng)) - two(bag)).abs().max() > 1e-4


def test_shuffled_equals_true_on_a_bag_that_is_shuffled_by_hand(bag):
    from monai_ext.ops.shuffled_cells import shuffled_cells

    net, plain = build(spatial="shuffled"), build()
    level, row, col = (bag[:, k].long() for k in range(3))
    other = bag.clone()
    other[:, 1], other[:, 2] = shuffled_cells(level, row, col, 0, 0)
    torch.testing.assert_close(net(bag), plain(other))
    assert (net(bag) - plain(bag)).abs().max() > 1e-4
    assert torch.equal(net(bag), net(bag))
    seeded = build(spatial="shuffled", shuffle_seed=1)
    assert (net(bag) - seeded(bag)).abs().max() > 1e-4


@pytest.mark.parametrize("bidirectional", [True, False])
def test_tiles_hear_supernodes_only_where_edges_go_both_ways(bag, bidirectional):
    net = build(bidirectional=bidirectional, n_super=2)
    graph, known = net.tile_graph(bag), net.reformed_supernodes(1)
    x = net.reformer(graph.features)
    tiles = [net.encode(x, s, graph.neighbors, graph.mask, True)[0] for s in (known, known + 1)]
    assert ((tiles[0] - tiles[1]).abs().max() > 1e-4) == bidirectional


def test_no_edges_equals_a_window_of_zero(bag):
    torch.testing.assert_close(build(spatial="none")(bag), build(window=0)(bag))


@pytest.mark.parametrize("window", [1, 2, 3])
def test_an_instance_reaches_as_far_as_window_and_layers(window):
    """Without supernode, two layers see two windows far and no further."""
    side = 15
    place = torch.arange(side * side)
    features = torch.randn(side * side, 4, generator=torch.Generator().manual_seed(0))
    from monai_ext.ops.bag_layout import pack_bag

    bag = pack_bag(features, place * 0, place // side, place % side)[None].requires_grad_()
    net = SRMIL(4, 2, heads=2, head_dim=3, classifier_dim=4, window=window, readout="lse").eval()
    scores = net.explain(bag)["instance_logits"][0]
    (grad,) = torch.autograd.grad(scores[side * side // 2].sum(), bag)
    reached = grad[0, 4:].abs().sum(0).view(side, side) > 1e-9
    near = torch.zeros(side, side).bool()
    from monai_ext.ops.grid_neighbors import grid_offsets

    for r, c in grid_offsets(window):
        for r2, c2 in grid_offsets(window):
            row, col = 7 + r + r2, 7 + c + c2
            if 0 <= row < side and 0 <= col < side:
                near[row, col] = True
    assert torch.equal(reached, near)


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_hard_bags_are_finite_with_finite_gradients(bag, switches):
    net = build(**switches).train()
    apart = bag.clone()
    apart[:, 1] = torch.arange(bag.shape[2]) * 50
    level = bag[0, 0]
    cases = {
        "isolated": apart,
        "one_tile": bag[:, :, (level != 0) | (bag[0].cumsum(1)[0] == 0) & (level.cumsum(0) == 0)],
        "one_instance": bag[:, :, :1],
        "no_instance": bag[:, :, :0],
        "no_level": bag[:, :, level > 1],
        "only_padding": pad_bags([bag[0], bag[0, :, :0]])[1:],
        "equal_features": torch.cat([bag[:, :4], torch.ones_like(bag[:, 4:])], 1),
        "zero_features": torch.cat([bag[:, :4], torch.zeros_like(bag[:, 4:])], 1),
        "huge_features": torch.cat([bag[:, :4], 1e6 * bag[:, 4:]], 1),
        "one_cell": torch.cat([bag[:, :1], 0 * bag[:, 1:4], bag[:, 4:]], 1),
    }
    for name, values in cases.items():
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


def test_other_levels_change_nothing(bag, rng):
    net, other = build(levels=(1,)), bag.clone()
    here = bag[0, 0] != 1
    other[0, 1:, here] = torch.randn(other.shape[1] - 1, int(here.sum()), generator=rng).round()
    torch.testing.assert_close(net(other), net(bag))
    torch.testing.assert_close(net(bag[:, :, ~here]), net(bag))


def test_statistics_reach_the_input_and_leave_tokens(bag):
    net = build()
    (level, layer), width = net.input_layers()[0], CHANNELS[0]
    assert (level, layer.in_features) == (0, width)
    mean, std = torch.arange(float(width)), torch.arange(float(width)) + 0.5
    expected, tokens = net(bag), net.reformed_supernodes(1)
    layer.set_statistics(mean, std)
    scaled = bag.clone()
    scaled[:, 4:] = bag[:, 4:] * std.unsqueeze(1) + mean.unsqueeze(1)
    torch.testing.assert_close(net(scaled), expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(net.reformed_supernodes(1), tokens)
    standardized = net.standardized(scaled[0, 4:].T)
    torch.testing.assert_close(standardized, bag[0, 4:].T, rtol=1e-4, atol=1e-4)


def test_recomputation_in_the_backward_pass_changes_nothing(bag):
    grads = []
    for limit in (None, 1):
        net = build(checkpoint_from=limit, dropout=0.2, attention_dropout=0.2).train()
        torch.manual_seed(1)  # noqa: TID251
        net(bag).square().sum().backward()
        grads.append([p.grad for p in net.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*grads, strict=True))


def test_export_is_bound_to_no_length(bag):
    """Recomputation of long batches must not become a condition of the exported program."""
    from torch.export import Dim, export

    net = build(checkpoint_from=30)
    program = export(net, (bag[:, :, :20],), dynamic_shapes=({2: Dim("length", min=1)},)).module()
    for n in (1, 29, bag.shape[2]):
        torch.testing.assert_close(program(bag[:, :, :n]), net(bag[:, :, :n]))


def test_golden_logits():
    """Weights and bag by formula, no random numbers: a change of the mathematics shows."""
    net = build()
    with torch.no_grad():
        for k, value in enumerate(net.state_dict().values()):
            if value.is_floating_point():
                wave = torch.sin(0.7 * torch.arange(value.numel()) + k).view(value.shape)
                value.copy_(wave / value.shape[-1] ** 0.5)
        net.reformer.first.std.fill_(1.0)
    place = torch.arange(12)
    features = torch.cos(torch.arange(12.0)[:, None] * (1 + torch.arange(7.0)))
    from monai_ext.ops.bag_layout import pack_bag

    logits = net(pack_bag(features, place * 0, place // 4, place % 4)[None])
    torch.testing.assert_close(logits, torch.tensor([[-0.4333305, -0.5192885, -0.3363080]]))


@pytest.mark.parametrize(
    ("switches", "message"),
    [
        ({"levels": (0, 1)}, r"levels=\[0, 1\]: SRMIL reads one magnification"),
        ({"levels": ()}, r"levels=\[\]: SRMIL reads one"),
        ({"encoder": "mlp"}, "encoder=mlp has no edges, so a supernode hears nothing"),
        ({"encoder": "sage"}, "layer kind sage is unknown"),
        ({"readout": "max"}, "readout=max is unknown"),
        ({"reformer": "deep"}, "reformer=deep is unknown: use linear, identity, mlp"),
        ({"residual": "no"}, "residual=no is unknown"),
        ({"spatial": "random"}, "spatial=random is unknown: use true, shuffled or none"),
        ({"layers": 0}, "layers=0 must be at least 1"),
        ({"n_super": 0}, "n_super=0 must be at least 1"),
        ({"window": -1}, "window=-1 must be at least 0"),
    ],
)
def test_settings_that_mean_nothing_are_refused(switches, message):
    with pytest.raises(ValueError, match=message):
        build(**switches)


@pytest.mark.parametrize(
    ("given", "name"),
    [(True, "true"), ("True", "true"), ("true", "true"), ("none", "none"), (None, "none"),
     ("SHUFFLED", "shuffled")],
)  # fmt: skip
def test_spatial_is_read_as_a_command_line_gives_it(given, name):
    assert spatial_name(given) == name
