"""Every open parameter learns once, at the rate of its kind."""

import pytest
import torch
from torch import nn

from monai_ext.engines.parameter_groups import segmentation_parameters
from monai_ext.networks.encoders import build_pixel_encoder
from monai_ext.networks.nets.transuni import TransUNi

RATES = {"learning_rate": 0.1, "head_rate": 1.0, "encoder_rate": 0.01, "prompt_rate": 0.5}


@pytest.mark.parametrize("trained", ["none", 1, "all"])
def test_groups_hold_all_that_is_open_and_nothing_twice(trained):
    encoder = build_pixel_encoder("uni_v1", options={"preset": "tiny"}, trained=trained)
    net = TransUNi(encoder, 2, decoder_channels=(8, 8, 8, 8, 8), norm="group")
    objective = nn.Linear(2, 2)
    objective.bias.requires_grad_(requires_grad=False)
    groups = segmentation_parameters(net, objective, **RATES)
    rates = {g["name"]: g["lr"] for g in groups}
    expected = {"decoder": 0.1, "head": 1.0, "encoder": 0.01, "prompts": 0.5}
    assert rates == {k: v for k, v in expected.items() if trained != "none" or k != "encoder"}
    held = [id(p) for g in groups for p in g["params"]]
    everything = [*net.parameters(), *objective.parameters()]
    assert len(held) == len(set(held))
    assert set(held) == {id(p) for p in everything if p.requires_grad}
    inside = {id(p) for p in net.encoder.parameters()}
    assert all((id(p) in inside) == (g["name"] == "encoder") for g in groups for p in g["params"])
    head = {id(p) for p in net.head.parameters()}
    assert all((id(p) in head) == (g["name"] == "head") for g in groups for p in g["params"])
    torch.optim.AdamW(groups, lr=1.0)
