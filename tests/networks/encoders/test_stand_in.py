import pytest
import torch
from torch import nn

from monai_ext.errors import SettingError
from monai_ext.networks.encoders import UNI, TinyEncoder
from monai_ext.networks.encoders.stand_in import (
    fill_with_noise,
    mark_stand_in,
    on_meta,
    pick_file,
    require_preset,
)


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(400, 300)
        self.norm = nn.LayerNorm(7)
        self.gamma = nn.Parameter(torch.full((5,), 1e-5))
        self.cls_emb = nn.Parameter(torch.zeros(300))
        self.logit_scale = nn.Parameter(torch.zeros(()))


def test_meta_network_has_no_memory_and_draws_no_numbers():
    before = torch.random.get_rng_state()
    network = on_meta(Small)
    assert all(weight.is_meta for weight in network.parameters())
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("make", [Small, lambda: on_meta(Small)], ids=["cpu", "meta"])
def test_noise_keeps_the_scale_of_signals(make):
    network = make()
    fill_with_noise(network, seed=3)
    weight = network.linear.weight
    assert weight.device.type == "cpu"
    assert weight.std().item() == pytest.approx(1 / 20, rel=0.02)  # 400 inputs
    assert network.linear.bias.abs().max() == 0
    assert torch.equal(network.norm.weight, torch.ones(7))
    assert torch.equal(network.gamma, torch.ones(5))
    assert network.cls_emb.std() > 0.01
    assert network.logit_scale.item() == pytest.approx(2.659, abs=1e-3)


def test_noise_follows_its_seed_alone():
    networks = [Small(), Small(), Small()]
    for network, seed in zip(networks, (1, 1, 2), strict=True):
        fill_with_noise(network, seed)
    first, again, other = (network.linear.weight for network in networks)
    assert torch.equal(first, again)
    assert (first - other).abs().max() > 0.01


def test_unknown_preset_is_refused():
    with pytest.raises(SettingError, match=r"preset='small'. Rule: one of full, tiny"):
        require_preset("small", None, "uni_v1", None)


def test_full_network_needs_weights_and_the_stand_in_none():
    with pytest.raises(SettingError, match=r"uni_v1 without weights\..*ask for them"):
        require_preset("full", None, "uni_v1", "ask for them")
    require_preset("full", "file.bin", "uni_v1", None)
    require_preset("tiny", None, "uni_v1", None)


def test_stand_in_is_marked_without_touching_its_class():
    encoder = UNI(preset="tiny")
    assert (encoder.encoder_id, encoder.is_stand_in) == ("uni_v1_tiny", True)
    assert (encoder.licence, encoder.commercial_use) == ("Apache-2.0", True)
    assert (UNI.encoder_id, UNI.is_stand_in, UNI.commercial_use) == ("uni_v1", False, False)


def test_mark_appends_to_the_name():
    encoder = TinyEncoder()
    mark_stand_in(encoder)
    assert encoder.encoder_id == "tiny_tiny"


def test_picked_file_is_the_first_that_is_there(tmp_path):
    assert pick_file(tmp_path, ("a", "b")) == tmp_path / "a"
    (tmp_path / "b").write_text("")
    assert pick_file(tmp_path, ("a", "b")) == tmp_path / "b"
    assert pick_file(tmp_path / "c", ("a", "b")) == tmp_path / "c"
