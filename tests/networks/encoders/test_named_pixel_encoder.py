"""A name, its options and what is trained reach the encoder."""

import pytest
import torch

from monai_ext.errors import SettingError
from monai_ext.networks.encoders import build_patch_encoder
from monai_ext.networks.encoders.named_pixel_encoder import build_pixel_encoder
from monai_ext.networks.encoders.pixel_encoder import PixelEncoder

TINY = {"preset": "tiny"}


def test_it_is_the_pixel_encoder_of_that_name(rng):
    image = 255 * torch.rand(1, 3, 32, 48, generator=rng)
    made = build_pixel_encoder("uni_v1", options=TINY, skip_blocks=[0], trained=1).eval()
    by_hand = PixelEncoder(build_patch_encoder("uni_v1", **TINY), [0], 1).eval()
    for one, other in zip(made(image), by_hand(image), strict=True):
        torch.testing.assert_close(one, other)
    opened = [name for name, p in made.named_parameters() if p.requires_grad]
    assert opened == [name for name, p in by_hand.named_parameters() if p.requires_grad]
    assert opened


def test_a_checkpoint_is_read(tmp_path):
    with pytest.raises(SettingError, match=r"none\.bin"):
        build_pixel_encoder("uni_v1", checkpoint=str(tmp_path / "none.bin"))
    with pytest.raises(SettingError, match="encoder"):
        build_pixel_encoder("unii")
