"""A decoder step doubles the size and uses its skip."""

import pytest
import torch
from torch.nn import functional as F

from monai_ext.networks.blocks.skip_up_block import SkipUpBlock, conv_norm_relu


@pytest.fixture
def x(rng: torch.Generator) -> torch.Tensor:
    return torch.randn(2, 6, 5, 4, generator=rng, dtype=torch.float64)


def by_hand(block: SkipUpBlock, x: torch.Tensor, skip: torch.Tensor | None) -> torch.Tensor:
    x = F.interpolate(x, scale_factor=2, mode="bilinear")
    if skip is not None:
        x = torch.cat([F.interpolate(block.lateral[0](skip), x.shape[-2:], mode="bilinear"), x], 1)
    for step in (block.up.convs.conv_0, block.up.convs.conv_1):
        x = F.conv2d(x, step.conv.weight, padding=1)
        x = torch.relu(F.group_norm(x, 8, step.adn.N.weight, step.adn.N.bias))
    return x


@pytest.mark.parametrize("side", [None, (10, 8), (3, 2)])
def test_it_is_doubling_skip_and_two_convolutions(x, rng, side):
    block = SkipUpBlock(6, 16, 0 if side is None else 7, norm="group").double()
    skip = side and torch.randn(2, 7, *side, generator=rng, dtype=torch.float64)
    out = block(x, skip)
    assert out.shape == (2, 16, 10, 8)
    torch.testing.assert_close(out, by_hand(block, x, skip))


def test_group_norm_knows_no_other_image_of_the_batch(x):
    block = SkipUpBlock(6, 16, norm="group").double()
    torch.testing.assert_close(block(x)[:1], block(x[:1]))


def test_a_missing_or_useless_skip_is_refused(x):
    for block, skip in ((SkipUpBlock(6, 8).double(), x), (SkipUpBlock(6, 8, 6).double(), None)):
        with pytest.raises(ValueError, match="see skip_channels"):
            block(x, skip)


def test_unknown_norm_is_refused():
    with pytest.raises(ValueError, match="norm=layer is unknown: use batch or group"):
        conv_norm_relu(3, 8, "layer")
