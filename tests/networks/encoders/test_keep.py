import pytest
import torch
from torch.nn import functional

from monai_ext.errors import SettingError
from monai_ext.networks.encoders import KEEP
from tests.networks.encoders.keep_files import keep_state, write_keep


@pytest.fixture
def tile(rng):
    return torch.rand(2, 3, 224, 224, generator=rng) * 255


def test_vectors_are_the_normalised_head_of_the_class_token(tile, tmp_path):
    state, vision, _ = keep_state()
    encoder = KEEP(write_keep(tmp_path, state), preset="tiny")
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    with torch.no_grad():
        token = vision.visual.eval()((tile / 255 - mean) / std)
        first, _, second = vision.visual_head
        wanted = functional.normalize(second(functional.gelu(first(token))), dim=-1)
    torch.testing.assert_close(encoder(tile), wanted, atol=1e-5, rtol=1e-4)


def test_one_weights_file_is_enough(tile, tmp_path):
    state, _, _ = keep_state()
    folder = write_keep(tmp_path, state)
    one = KEEP(folder / "pytorch_model.bin", preset="tiny")
    assert one.weight_hash == KEEP(folder, preset="tiny").weight_hash


def test_what_belongs_to_no_tower_is_refused(tmp_path):
    state, _, _ = keep_state()
    state["visual.pos_embed_2"] = torch.zeros(1)
    state["extra"] = torch.zeros(1)
    with pytest.raises(SettingError, match=r"unexpected visual.pos_embed_2; unexpected extra"):
        KEEP(write_keep(tmp_path, state), preset="tiny")


def test_head_is_needed(tmp_path):
    state, _, _ = keep_state()
    state.pop("visual_head.2.bias")
    with pytest.raises(SettingError, match=r"missing visual_head.2.bias.*Astaxanthin/KEEP"):
        KEEP(write_keep(tmp_path, state), preset="tiny")


def test_stand_in_and_licence():
    assert KEEP(preset="tiny").encoder_id == "keep_tiny"
    assert (KEEP.licence, KEEP.commercial_use, KEEP.embed_dim) == ("MIT", True, 768)
    with pytest.raises(SettingError, match=r"keep without weights.*Astaxanthin/KEEP"):
        KEEP()
