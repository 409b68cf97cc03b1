import pytest
import timm
import torch

from monai_ext.errors import SettingError
from monai_ext.networks.encoders import GPFM
from monai_ext.networks.encoders.gpfm import vit_l14
from monai_ext.networks.encoders.stand_in import on_meta


@pytest.fixture
def tile(rng):
    return torch.rand(2, 3, 96, 96, generator=rng) * 255


def test_full_network_has_the_tensors_that_trident_loads_the_file_into():
    theirs = on_meta(
        lambda: timm.create_model(
            "vit_large_patch14_dinov2.lvd142m",
            pretrained=False,
            img_size=224,
            init_values=1e-5,
            dynamic_img_size=True,
        )
    )
    ours = on_meta(lambda: vit_l14("full"))
    shapes = {name: tensor.shape for name, tensor in ours.state_dict().items()}
    assert shapes == {name: tensor.shape for name, tensor in theirs.state_dict().items()}
    assert shapes["pos_embed"] == (1, 257, 1024)


def in_training_names(state):
    """As DINOv2's training stores a teacher: chunks of blocks, a mask token, a head."""
    stored = {}
    for key, value in state.items():
        name = key.replace("blocks.0.", "blocks.0.0.").replace("blocks.1.", "blocks.1.1.")
        stored[f"backbone.{name}"] = value
    stored["backbone.mask_token"] = torch.zeros(1, 64)
    stored["dino_head.last_layer.weight"] = torch.zeros(5, 5)
    return {"teacher": stored}


@pytest.mark.parametrize("change", [dict, in_training_names], ids=["timm", "training"])
def test_both_layouts_of_the_file_are_loaded(tile, tmp_path, change):
    source = GPFM(preset="tiny", seed=5)
    torch.save(change(source.backbone.state_dict()), tmp_path / "GPFM.pth")
    loaded = GPFM(tmp_path / "GPFM.pth", preset="tiny")
    torch.testing.assert_close(loaded(tile), source(tile))
    assert (loaded(tile) - GPFM(preset="tiny")(tile)).abs().max() > 0.1


def test_another_network_is_refused(tmp_path):
    state = GPFM(preset="tiny").backbone.state_dict()
    torch.save(state | {"register_tokens": torch.zeros(1, 4, 64)}, tmp_path / "w.pth")
    with pytest.raises(SettingError, match=r"unexpected register_tokens.*give GPFM.pth"):
        GPFM(tmp_path / "w.pth", preset="tiny")


def test_without_weights_it_says_how_to_get_them():
    with pytest.raises(SettingError, match=r"gpfm without weights.*majiabo/GPFM"):
        GPFM()
    assert (GPFM.licence, GPFM.commercial_use) == ("CC-BY-NC-ND-4.0", False)
