"""Laws of the network: what must change its output, what must not, what stays finite."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from monai_ext.networks.nets.libra_mil import LibraMIL
from monai_ext.ops.bag_layout import pad_bags
from monai_ext.ops.bank_cosine import bank_collapse
from monai_ext.testing.random_bags import random_bag
from tests.networks.blocks.test_prototype_fusion import reading

D, TEXT, WIDTH, K_V, K_T, C = 24, 20, 32, 5, 7, 3
USES_BANKS = [
    {},
    {"ot_level": "instance"},
    {"fusion": "concat"},
    {"fusion": "cross_attn"},
    {"fusion": "sum"},
    {"score_norm": "none"},
    {"score_norm": "sigmoid"},
    {"score_norm": "relu"},
    {"use_proj": False},
    {"vision_init": "orthogonal"},
    {"query_residual": True},
    {"instance_priors": "random", "bag_query": "learnable"},
]
OTHERS = [
    {"vision_prototypes": False},
    {"fusion": "none"},
    {"fusion": "released_code"},
    {"freeze_text_bank": True, "freeze_bag_query": True},
]
BANKS = ("vision_bank", "text_bank", "bag_query")


def build(**switches) -> LibraMIL:
    torch.manual_seed(0)  # noqa: TID251
    settings = {
        "num_vision_prototypes": K_V, "num_text_prototypes": K_T, "text_dim": TEXT,
        "hidden_dim": WIDTH, **switches,
    }  # fmt: skip
    if switches.get("use_proj") is False:
        settings |= {"text_dim": D}
    return LibraMIL(D, C, **settings).eval()


@pytest.fixture
def bag(rng: torch.Generator) -> torch.Tensor:
    return random_bag(D, (4, 3), generator=rng, levels=(0, 1), keep=0.4)[None]


def other_rows(bank: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    return functional.normalize(torch.randn(bank.shape, generator=rng), dim=-1) * bank.norm(
        dim=-1, keepdim=True
    )


@pytest.mark.parametrize("switches", USES_BANKS, ids=str)
@pytest.mark.parametrize("name", BANKS)
def test_every_bank_matters(bag, rng, switches, name):
    net = build(**switches)
    before, bank = net(bag), getattr(net, name)
    with torch.no_grad():
        bank.copy_(other_rows(bank, rng))
    least = 1e-5 if name == "bag_query" else 1e-4
    assert (net(bag) - before).abs().max() > least


@pytest.mark.parametrize("switches", USES_BANKS, ids=str)
def test_gradients_of_the_banks_are_of_one_order(bag, switches):
    net = build(**switches).train()
    functional.cross_entropy(net(bag), torch.tensor([1])).backward()
    size = {name: float(getattr(net, name).grad.abs().mean()) for name in BANKS}
    for name in BANKS[:2]:
        assert 1e-3 < size[name] / size["bag_query"] < 1e3, size


@pytest.mark.parametrize("switches", USES_BANKS, ids=str)
def test_every_parameter_gets_a_gradient(bag, switches):
    net = build(**switches).train()
    net(bag).square().sum().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().max() > 1e-9, name


def test_logits_equal_an_independent_reading(bag):
    net = build(n_iters=2000).double()
    bag = bag.double()
    net.embed.embed.set_statistics(*(torch.rand(2, D, dtype=torch.float64) + 0.5))
    value = {k: v.detach().numpy() for k, v in net.state_dict().items()}

    def linear(name, x):
        return x @ value[f"{name}.weight"].T + value[f"{name}.bias"]

    def norm(name, x):
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        return x * value[f"{name}.weight"] + value[f"{name}.bias"]

    def visual(x):
        return functional.gelu(
            torch.from_numpy(norm("embed.norm", linear("embed.embed", x)))
        ).numpy()

    def text(x):
        return norm("text_proj.1", linear("text_proj.0", x))

    real = bag[0, 4:, bag[0, 0] == 0].T.numpy()
    x = visual((real - value["embed.embed.mean"]) / value["embed.embed.std"])
    _, score = reading(x, visual(value["vision_bank"]), text(value["text_bank"]))
    alpha = len(x) * np.exp(score / 0.1) / np.exp(score / 0.1).sum()
    tokens = x * alpha[:, None]
    query, heads = linear("attention.query", text(value["bag_query"])), []
    key, held = tokens @ value["attention.key.weight"].T, linear("attention.value", tokens)
    for h in range(8):
        part = slice(h * WIDTH // 8, (h + 1) * WIDTH // 8)
        scores = query[:, part] @ key[:, part].T / np.sqrt(WIDTH // 8)
        share = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
        heads.append(share @ held[:, part])
    pooled = linear("attention.out", np.concatenate(heads, 1))
    hidden = np.maximum(linear("head.1", norm("head.0", pooled)), 0)
    np.testing.assert_allclose(net(bag)[0].detach(), linear("head.4", hidden)[:, 0], rtol=1e-5)
    np.testing.assert_allclose(
        net.explain(bag)["weight"][bag[:, 0] == 0].detach(), alpha, rtol=1e-8
    )


@pytest.mark.parametrize("switches", [*USES_BANKS, *OTHERS], ids=str)
def test_explanation_adds_up(bag, switches):
    net = build(**switches)
    out = net.explain(bag)
    read = bag[:, 0] == 0
    assert torch.equal(out["logits"], net(bag))
    ones = torch.ones(1)
    torch.testing.assert_close(out["attention"].sum(1), ones)
    torch.testing.assert_close(out["class_attention"].sum(2), torch.ones(1, C))
    assert torch.equal(out["attention"], out["class_attention"][:, int(out["logits"].argmax())])
    for name in ("attention", "weight", "score"):
        assert out[name][~read].abs().sum() == 0, name
        assert out[name].min() >= 0 or name == "score" or switches == {"score_norm": "none"}
    for name in ("vision_similarity", "text_similarity"):
        assert out[name][~read].abs().sum() == 0
        assert not out[name].numel() or out[name].abs().max() <= 1.0001
    if out["plan"].shape[1]:
        torch.testing.assert_close(out["plan"].sum((1, 2)), ones)


def test_importance_is_attention_times_factor(bag):
    net = build()
    parts_mask = bag[:, 0] == 0
    out = net.explain(bag)
    x = net.embed(bag[:, 4:].mT)
    query = net.text_proj(net.bag_query)
    _, attention = net.attention(query, x, out["weight"], parts_mask)
    share = attention.mean(1) * out["weight"].unsqueeze(1)
    torch.testing.assert_close(out["class_attention"], share / share.sum(-1, keepdim=True))


def test_instances_of_other_levels_change_nothing(bag, rng):
    bag = bag[:, :, torch.randperm(bag.shape[2], generator=rng)]
    net, other = build(), bag.clone()
    other[0, 4:, bag[0, 0] == 1] = 1e9
    assert torch.equal(net(other), net(bag))
    torch.testing.assert_close(net(bag[:, :, bag[0, 0] == 0]), net(bag))


def test_permuting_the_text_prototypes_changes_nothing(bag, rng):
    net = build()
    before = net(bag)
    for bank in (net.vision_bank, net.text_bank):
        with torch.no_grad():
            bank.copy_(bank[torch.randperm(len(bank), generator=rng)])
    torch.testing.assert_close(net(bag), before)


def test_class_queries_permute_the_logits(bag):
    net = build()
    before = net(bag)
    with torch.no_grad():
        net.bag_query.copy_(net.bag_query[[2, 0, 1]])
    torch.testing.assert_close(net(bag), before[:, [2, 0, 1]])


def test_one_instance_gives_equal_logits_unless_the_head_sees_the_query(bag):
    one = bag[:, :, :1]
    torch.testing.assert_close(build()(one).std(), torch.tensor(0.0), rtol=0, atol=1e-6)
    assert build(query_residual=True)(one).std() > 1e-3


def hard_bags(bag: torch.Tensor) -> dict[str, torch.Tensor]:
    head = bag[:, :4]
    return {
        "one_instance": bag[:, :, :1],
        "no_instance": bag[:, :, :0],
        "no_instance_of_the_level": bag[:, :, bag[0, 0] == 1],
        "only_padding": pad_bags([bag[0], bag[0, :, :0]])[1:],
        "equal_features": torch.cat([head, torch.ones_like(bag[:, 4:])], 1),
        "zero_features": torch.cat([head, torch.zeros_like(bag[:, 4:])], 1),
        "huge_features": torch.cat([head, 1e6 * bag[:, 4:]], 1),
    }


@pytest.mark.parametrize("switches", [*USES_BANKS, *OTHERS], ids=str)
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


def test_autocast_is_finite_and_close(bag):
    net = build()
    expected = net(bag)
    with torch.autocast("cpu", torch.bfloat16):
        found = net(bag)
        net.train()(bag).square().sum().backward()
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=0.1, atol=0.05)
    assert all(p.grad.isfinite().all() for p in net.parameters() if p.grad is not None)


@pytest.mark.parametrize("init", ["normal", "orthogonal", "kmeans"])
def test_visual_prototypes_start_with_mean_square_one_and_apart(init):
    bank = build(vision_init=init).vision_bank
    torch.testing.assert_close(bank.square().mean(), torch.tensor(1.0), rtol=0.25, atol=0)
    unit = functional.normalize(bank, dim=1)
    off = (unit @ unit.T - torch.eye(K_V)).abs().max()
    assert (off < 1e-5) == (init == "orthogonal")


def test_visual_prototypes_do_not_collapse_in_training(bag):
    net = build()
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
    bags = torch.cat([bag, bag.roll(3, 1)])
    bags[:, :4] = bag[:, :4]
    for _ in range(40):
        optimizer.zero_grad()
        functional.cross_entropy(net(bags), torch.tensor([0, 1])).backward()
        optimizer.step()
    assert bank_collapse(net.projected_banks()[0]) < 0.9


def test_texts_land_in_the_parameters_that_want_them(rng):
    instances, classes = (torch.randn(n, TEXT, generator=rng) for n in (K_T, C))
    net = build()
    net.set_text(instances, classes)
    assert torch.equal(net.text_bank, instances)
    assert torch.equal(net.bag_query, classes)
    apart = build(instance_priors="random", bag_query="learnable")
    apart.set_text(instances, classes)
    assert torch.equal(apart.text_bank, build().text_bank)
    assert torch.equal(apart.bag_query, build().bag_query)


def test_frozen_banks_are_not_trained(bag):
    net = build(freeze_text_bank=True, freeze_bag_query=True).train()
    net(bag).square().sum().backward()
    assert net.text_bank.grad is None
    assert net.bag_query.grad is None
    assert net.vision_bank.grad is not None


def test_visual_prototypes_can_be_set(rng):
    net, wanted = build(), torch.randn(K_V, D, generator=rng)
    net.set_vision(wanted)
    assert torch.equal(net.vision_bank, wanted)


def test_input_layer_is_the_projection_if_there_is_one():
    assert [(k, layer.in_features) for k, layer in build(levels=(1,)).input_layers()] == [(1, D)]
    assert build(use_proj=False).input_layers() == []


def test_projected_banks_are_those_that_instances_meet(bag):
    net = build()
    vision, _ = net.projected_banks()
    x = net.embed(bag[:, 4:].mT)
    alike = functional.cosine_similarity(x[0, :, None], vision[None], dim=-1)
    found = net.explain(bag)["vision_similarity"][0]
    torch.testing.assert_close(found[bag[0, 0] == 0], alike[bag[0, 0] == 0])


@pytest.mark.parametrize(
    ("switches", "message"),
    [
        ({"levels": (0, 1)}, r"levels=\[0, 1\]: the method reads one magnification"),
        ({"fusion": "max"}, "fusion=max is unknown: use sot, concat, cross_attn, sum, none, rel"),
        ({"instance_priors": "none"}, "instance_priors=none is unknown: use text, random"),
        ({"bag_query": "none"}, "bag_query=none is unknown: use text, learnable"),
        ({"vision_init": "zero"}, "vision_init=zero is unknown"),
        ({"score_norm": "max"}, "score_norm=max is unknown"),
        ({"score_temperature": 0.0}, "score_temperature=0.0 must be positive"),
        ({"num_heads": 5}, "width=32 must be a multiple of num_heads=5"),
        ({"vision_prototypes": False, "fusion": "sum"}, "vision_prototypes=False needs fusion=sot"),
    ],
)
def test_wrong_settings_are_refused_when_built(switches, message):
    with pytest.raises(ValueError, match=message):
        build(**switches)


def test_without_projection_widths_must_agree():
    with pytest.raises(ValueError, match="features of width 24 with texts of width 20"):
        LibraMIL(
            D, C, num_vision_prototypes=K_V, num_text_prototypes=K_T, text_dim=TEXT,
            hidden_dim=WIDTH, use_proj=False,
        )  # fmt: skip


@pytest.mark.parametrize("wrong", [torch.zeros(K_T, 3), torch.full((K_T, TEXT), torch.nan)])
def test_texts_of_another_shape_or_not_finite_are_refused(wrong):
    with pytest.raises(ValueError, match=r"instances \(7, \d+\) must be \(7, 20\) finite numbers"):
        build().set_text(wrong, torch.zeros(C, TEXT))
    with pytest.raises(ValueError, match=r"prototypes \(7, \d+\) must be \(5, 24\) finite numbers"):
        build().set_vision(wrong)


def test_nothing_but_attention_is_left_of_the_program_as_released(bag, rng):
    """github.com/Lnaaaaaaaaa/Libramil, models/mil_ot.py at commits bb71589 to 153e992.

    There the fused weights pass a softmax over the visual prototypes and then multiply copies of
    one instance, so they sum to 1 and every instance stays as it is: neither bank changes a logit
    or gets a gradient above rounding. ``fusion="released_code"`` keeps that for audits.
    """
    net = build(fusion="released_code")
    plain = build(fusion="none")
    plain.load_state_dict({k: v for k, v in net.state_dict().items() if "log_temp" not in k})
    before = net(bag)
    torch.testing.assert_close(before, plain(bag), rtol=0, atol=2e-6)
    before.square().sum().backward()
    query = float(net.bag_query.grad.abs().mean())
    for bank in (net.vision_bank, net.text_bank):
        assert float(bank.grad.abs().mean()) < 1e-5 * query
        with torch.no_grad():
            bank.copy_(other_rows(bank, rng))
        torch.testing.assert_close(net(bag), before, rtol=0, atol=2e-6)
