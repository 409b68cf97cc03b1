import pytest
import timm
import torch

from monai_ext.errors import SettingError
from monai_ext.networks.encoders import UNI
from monai_ext.networks.encoders.stand_in import on_meta
from monai_ext.networks.encoders.uni import vit_l16


@pytest.fixture
def tile(rng):
    return torch.rand(2, 3, 256, 256, generator=rng) * 255


def published():
    """As the model's card builds it."""
    return timm.create_model(
        "vit_large_patch16_224",
        img_size=224,
        patch_size=16,
        init_values=1e-5,
        num_classes=0,
        dynamic_img_size=True,
    )


def test_full_network_has_the_tensors_of_the_published_one():
    ours, theirs = on_meta(lambda: vit_l16("full")), on_meta(published)
    shapes = {name: tensor.shape for name, tensor in ours.state_dict().items()}
    assert shapes == {name: tensor.shape for name, tensor in theirs.state_dict().items()}
    assert len(shapes) == 342
    assert sum(weight.numel() for weight in ours.parameters()) == 303_350_784
    assert shapes["pos_embed"] == (1, 197, 1024)


def test_features_are_the_normalised_class_token(tile):
    encoder = UNI(preset="tiny")
    pixels = torch.nn.functional.interpolate(tile, size=(224, 224), mode="bilinear", antialias=True)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    tokens = encoder.backbone.forward_features((pixels / 255 - mean) / std)
    assert tokens.shape == (2, 197, 64)
    torch.testing.assert_close(encoder(tile), tokens[:, 0], atol=1e-5, rtol=1e-5)


def test_other_sides_resample_positions(tile):
    encoder = UNI(preset="tiny", input_px=None)
    assert encoder.backbone.forward_features(tile).shape == (2, 257, 64)
    assert (encoder(tile) - UNI(preset="tiny")(tile)).abs().max() > 0.01


def test_stand_in_tells_tiles_apart_and_is_repeatable(tile):
    features = UNI(preset="tiny")(tile)
    assert (features[0] - features[1]).abs().max() > 0.01
    torch.testing.assert_close(UNI(preset="tiny")(tile), features)
    assert (UNI(preset="tiny", seed=1)(tile) - features).abs().max() > 0.1


def test_a_users_file_is_loaded(tile, tmp_path):
    torch.save(UNI(preset="tiny", seed=5).backbone.state_dict(), tmp_path / "pytorch_model.bin")
    loaded = UNI(tmp_path / "pytorch_model.bin", preset="tiny")
    torch.testing.assert_close(loaded(tile), UNI(preset="tiny", seed=5)(tile))
    assert loaded.weight_hash == UNI(preset="tiny", seed=5).weight_hash


def test_weights_without_layer_scale_are_refused_in_one_line(tmp_path):
    state = UNI(preset="tiny").backbone.state_dict()
    torch.save({key: v for key, v in state.items() if "gamma" not in key}, tmp_path / "w.bin")
    with pytest.raises(SettingError, match=r"missing blocks.0.ls1.gamma.*UNI2-h is another"):
        UNI(tmp_path / "w.bin", preset="tiny")


def test_positions_of_256_px_are_refused(tmp_path):
    state = UNI(preset="tiny").backbone.state_dict()
    torch.save(state | {"pos_embed": torch.zeros(1, 257, 64)}, tmp_path / "w.bin")
    with pytest.raises(SettingError, match=r"pos_embed is \(1, 257, 64\), not \(1, 197, 64\)"):
        UNI(tmp_path / "w.bin", preset="tiny")


def test_without_weights_it_says_how_to_get_them_and_what_to_use_meanwhile():
    with pytest.raises(SettingError, match=r"MahmoodLab/UNI.*meanwhile efficientnet_lite0"):
        UNI()
    assert UNI.missing() is not None
