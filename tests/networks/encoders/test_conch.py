import pytest
import torch
from torch.nn import functional

from monai_ext.networks.encoders import Conch, ConchContrast
from monai_ext.networks.encoders.conch_model import load_conch


@pytest.fixture
def tile(rng):
    return torch.rand(2, 3, 96, 96, generator=rng) * 255


def test_contrast_is_the_projection_of_the_plain_features(tile):
    plain, contrast = Conch(preset="tiny"), ConchContrast(preset="tiny")
    projected = plain(tile) @ plain.backbone.proj_contrast
    torch.testing.assert_close(contrast(tile), functional.normalize(projected, dim=-1))
    assert (plain(tile).norm(dim=1) - 1).abs().min() > 0.1


def test_the_two_kinds_never_mix_up():
    plain, contrast = Conch(preset="tiny"), ConchContrast(preset="tiny")
    assert (plain.encoder_id, contrast.encoder_id) == ("conch_v1_tiny", "conch_v1_contrast_tiny")
    assert plain.weight_hash == contrast.weight_hash
    assert (Conch.encoder_id, ConchContrast.encoder_id) == ("conch_v1", "conch_v1_contrast")


def test_side_is_the_networks_own(tile):
    assert Conch(preset="tiny").input_px == 64
    other = Conch(preset="tiny", input_px=32)
    assert other.backbone.trunk.pos_embed.shape == (1, 5, 64)
    assert other(tile).shape == (2, 32)


def test_a_users_file_is_loaded(tile, tmp_path):
    model = load_conch(None, "tiny", "conch_v1", seed=7)
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    loaded = Conch(tmp_path / "pytorch_model.bin", preset="tiny")
    torch.testing.assert_close(loaded(tile), Conch(preset="tiny", seed=7)(tile))


def test_licence_forbids_commerce():
    assert (Conch.licence, Conch.commercial_use) == ("CC-BY-NC-ND-4.0", False)
    assert ConchContrast.missing() == Conch.missing() is not None
