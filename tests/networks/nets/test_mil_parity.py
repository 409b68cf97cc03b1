"""The same weights in torchmil give the same logits, where it has the model."""

import pytest
import torch
from torch import nn
from torchmil import models as peer

from monai_ext.networks.nets.mil_baselines import build_mil_baseline
from monai_ext.ops.bag_layout import pack_bag

WIDTH, HIDDEN, ATTENTION = 12, 16, 8
SETTINGS = {"hidden_dim": HIDDEN, "attention_dim": ATTENTION}
TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}


def ours(model: str, **more) -> nn.Module:
    torch.manual_seed(1)  # noqa: TID251
    return build_mil_baseline(model, WIDTH, 1, [0], **SETTINGS, **more).eval()


def embedding() -> nn.Sequential:
    return nn.Sequential(nn.Linear(WIDTH, HIDDEN), nn.ReLU())


def copy(pairs: dict[nn.Module, nn.Module]) -> None:
    """Weights of the values go to the keys."""
    with torch.no_grad():
        for target, source in pairs.items():
            target.weight.copy_(source.weight)
            if target.bias is not None:
                target.bias.copy_(source.bias)


def features(number: int, rng: torch.Generator) -> torch.Tensor:
    return 2 * torch.randn(number, WIDTH, generator=rng)


def as_bag(x: torch.Tensor) -> torch.Tensor:
    index = torch.zeros(len(x), dtype=torch.long)
    return pack_bag(x, index, index, index)[None]


NUMBERS = pytest.mark.parametrize("number", [1, 2, 5, 9, 40, 137])


@NUMBERS
@pytest.mark.parametrize(
    ("model", "build"), [("abmil", peer.ABMIL), ("clam_sb", peer.CLAM_SB)], ids=["abmil", "clam_sb"]
)
def test_gated_attention_is_torchmils(model, build, number, rng):
    net = ours(model)
    other = build(in_shape=(WIDTH,), att_dim=ATTENTION, gated=True, feat_ext=embedding()).eval()
    branch = net.branches[0]
    copy(
        {
            other.feat_ext[0]: branch.embed.linear,
            other.pool.fc1.module: branch.attention.value,
            other.pool.fc_gated.module: branch.attention.gate,
            other.pool.fc2: branch.attention.score,
            other.classifier.module: branch.classifier,
        }
    )
    x = features(number, rng)
    logit, scores = other(x[None], return_att=True)
    found = net.explain(as_bag(x))
    torch.testing.assert_close(found["logits"][:, 0], logit, **TOLERANCE)
    torch.testing.assert_close(found["attention"], scores.softmax(1), **TOLERANCE)


@NUMBERS
@pytest.mark.parametrize("value", ["identity", "mlp"])
@pytest.mark.parametrize("query", ["linear", "mlp"])
def test_dsmil_is_torchmils(query, value, number, rng):
    net = ours("dsmil", query=query, value=value, scaled=True)
    other = peer.DSMIL(
        in_shape=(WIDTH,),
        att_dim=ATTENTION,
        nonlinear_q=query == "mlp",
        nonlinear_v=value == "mlp",
        feat_ext=embedding(),
    ).eval()
    branch = net.branches[0]
    pairs = {
        other.feat_ext[0]: branch.embed.linear,
        other.inst_classifier: branch.instance,
        other.bag_classifier: branch.bag,
    }
    if query == "mlp":
        pairs |= {other.q_nn[0]: branch.query[0], other.q_nn[2]: branch.query[2]}
    else:
        pairs |= {other.q_nn: branch.query}
    if value == "mlp":
        pairs |= {other.v_nn[1]: branch.value[1]}
    copy(pairs)
    x = features(number, rng)
    found = net.explain(as_bag(x))
    torch.testing.assert_close(found["logits"][:, 0], other.predict(x[None]), **TOLERANCE)
    bag_logit, attention, scores = other(x[None], return_att=True, return_inst_pred=True)
    both = net.branch_outputs(as_bag(x))[0]
    torch.testing.assert_close(both["bag_logits"][:, 0], bag_logit, **TOLERANCE)
    torch.testing.assert_close(both["max_logits"][:, 0], scores.amax(1), **TOLERANCE)
    torch.testing.assert_close(found["attention"], attention[..., 0], **TOLERANCE)


@NUMBERS
def test_transmil_is_torchmils(number, rng):
    settings = {"num_heads": 4, "num_landmarks": 6, "residual_kernel": 0, "project": False}
    net = ours("transmil", scale="bag", **settings)
    other = peer.TransMIL(
        in_shape=(WIDTH,), att_dim=HIDDEN, n_heads=4, n_landmarks=6, feat_ext=embedding()
    ).eval()
    branch = net.branches[0]
    copy(
        {
            other.feat_ext[0]: branch.embed.linear,
            other.pos_layer.proj: branch.positions.wide,
            other.pos_layer.proj1: branch.positions.middle,
            other.pos_layer.proj2: branch.positions.narrow,
            other.norm: branch.norm,
            other.classifier: branch.classifier,
        }
    )
    for layer, norm, attention in zip(other.layers, branch.norms, branch.attentions, strict=True):
        copy({layer.norm1: norm, layer.att_module.qkv_nn: attention.qkv})
    with torch.no_grad():
        other.cls_token.copy_(branch.class_token)
    x = features(number, rng)
    torch.testing.assert_close(net(as_bag(x))[:, 0], other(x[None]), **TOLERANCE)
