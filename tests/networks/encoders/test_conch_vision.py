"""Reference: CoCa's image path, put together from timm's and open_clip's parts."""

import pytest
import torch
from open_clip.transformer import AttentionalPooler
from torch.nn import functional

from monai_ext.networks.encoders.conch_vision import ConchVision
from monai_ext.networks.encoders.stand_in import fill_with_noise


@pytest.fixture
def vision(rng):
    vision = ConchVision(16, 24, depth=1, vit_heads=2, image_px=32, pooler_heads=4).eval()
    fill_with_noise(vision, seed=1)
    with torch.no_grad():
        vision.ln_contrast.bias += torch.randn(16, generator=rng)
    return vision


@pytest.mark.parametrize("contrast", [False, True])
@torch.no_grad()
def test_vectors_equal_cocas_path(vision, rng, contrast):
    pooler = AttentionalPooler(16, 24, n_head=4, n_queries=1)
    pooler.load_state_dict(vision.attn_pool_contrast.state_dict(), strict=True)
    image = torch.randn(2, 3, 32, 32, generator=rng)
    pooled = vision.ln_contrast(pooler(vision.trunk.forward_features(image))[:, 0])
    projected = functional.normalize(pooled @ vision.proj_contrast, dim=-1)
    vision.contrast = contrast
    torch.testing.assert_close(vision(image), projected if contrast else pooled)


@torch.no_grad()
def test_all_tokens_are_pooled_not_the_class_token(vision, rng):
    image = torch.randn(1, 3, 32, 32, generator=rng)
    tokens = vision.trunk.forward_features(image)
    change = torch.zeros(5, 24)
    change[2] = torch.arange(24.0).cos()  # a constant would vanish in the norm
    vision.trunk.forward_features = lambda x: tokens + change
    changed = vision(image)
    vision.trunk.forward_features = lambda x: tokens
    assert (changed - vision(image)).abs().max() > 1e-4
