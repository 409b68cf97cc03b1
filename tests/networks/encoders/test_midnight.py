"""Reference: transformers' Dinov2Model, written and read as the model's card does."""

import pytest
import torch
from transformers import Dinov2Config, Dinov2Model

from monai_ext.errors import SettingError
from monai_ext.networks.encoders import Midnight12k
from monai_ext.networks.encoders.midnight import vit_g14
from monai_ext.networks.encoders.stand_in import fill_with_noise, on_meta


@pytest.fixture
def tile(rng):
    return torch.rand(2, 3, 224, 224, generator=rng) * 255


def reference(folder, rng, image_size=224):
    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    model = Dinov2Model(Dinov2Config(**sizes, use_swiglu_ffn=True, image_size=image_size)).eval()
    fill_with_noise(model, seed=3)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.1 * torch.randn(weight.shape, generator=rng))
    model.save_pretrained(folder)
    return model


@pytest.mark.parametrize("image_size", [224, 518])
def test_features_equal_transformers(tmp_path, rng, tile, image_size):
    model = reference(tmp_path, rng, image_size)
    with torch.no_grad():
        tokens = model((tile / 255 - 0.5) / 0.5).last_hidden_state
    wanted = torch.cat([tokens[:, 0], tokens[:, 1:].mean(1)], dim=-1)
    found = Midnight12k(tmp_path, preset="tiny")(tile)
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)


def test_class_token_alone_is_the_first_half(tile):
    whole, half = Midnight12k(preset="tiny"), Midnight12k(preset="tiny", pooling="cls")
    assert (whole.embed_dim, half.embed_dim) == (128, 64)
    torch.testing.assert_close(half(tile), whole(tile)[:, :64])


def test_full_network_is_dinov2_giant():
    theirs = on_meta(
        lambda: Dinov2Model(
            Dinov2Config(
                hidden_size=1536,
                num_hidden_layers=40,
                num_attention_heads=24,
                use_swiglu_ffn=True,
                image_size=224,
                use_mask_token=False,
            )
        )
    )
    ours = on_meta(lambda: vit_g14("full", 224))
    count = sum(weight.numel() for weight in ours.parameters())
    assert count == sum(weight.numel() for weight in theirs.parameters()) == 1_134_769_664


def test_another_network_is_refused(tmp_path, rng):
    reference(tmp_path, rng)
    with pytest.raises(SettingError, match=r"does not fit: .*Dinov2Model stores"):
        Midnight12k(tmp_path)


def test_unknown_pooling_is_refused():
    with pytest.raises(SettingError, match=r"pooling='mean'. Rule: one of cls\+mean, cls"):
        Midnight12k(preset="tiny", pooling="mean")


def test_without_weights_it_says_how_to_get_them():
    with pytest.raises(SettingError, match=r"midnight12k without weights.*kaiko-ai/midnight"):
        Midnight12k()
    assert (Midnight12k.licence, Midnight12k.commercial_use) == ("MIT", True)
