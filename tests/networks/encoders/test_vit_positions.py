"""Reference: timm's resampling without antialiasing."""

import pytest
import torch
from timm.layers.pos_embed import resample_abs_pos_embed

from monai_ext.networks.encoders.vit_positions import resampled_positions


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("side", [3, 16])
def test_positions_equal_timms(rng, mode, side):
    positions = torch.randn(1, 1 + 49, 6, generator=rng)
    wanted = resample_abs_pos_embed(
        positions, new_size=[side, side], interpolation=mode, antialias=False
    )
    torch.testing.assert_close(resampled_positions(positions, side, mode), wanted)


def test_nothing_changes_at_the_own_side(rng):
    positions = torch.randn(1, 50, 6, generator=rng).half()
    assert resampled_positions(positions, 7, "bicubic") is positions
