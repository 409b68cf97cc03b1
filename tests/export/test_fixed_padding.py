"""A fixed pad is the same-convolution's on sides that the stride divides, and only there."""

import pytest
import torch
from timm.layers.conv2d_same import Conv2dSame
from torch import nn

from monai_ext.export.fixed_padding import FixedPadConv2d, with_fixed_padding


@pytest.mark.parametrize(
    ("kernel", "stride", "dilation"),
    [
        (3, 2, 1),
        (5, 2, 1),
        (3, 1, 1),
        (4, 2, 1),
        (3, 1, 2),
        (1, 2, 1),
        ((3, 5), (2, 1), 1),
    ],
)
@pytest.mark.parametrize("size", [(8, 12), (2, 2), (30, 6)])
def test_equal_to_same_on_divisible_sides(kernel, stride, dilation, size, rng):
    same = Conv2dSame(4, 6, kernel, stride, dilation=dilation, groups=2).double()
    x = torch.rand(2, 4, *size, dtype=torch.float64, generator=rng)
    assert torch.equal(FixedPadConv2d(same)(x), same(x))


def test_other_sides_come_out_shorter(rng):
    same = Conv2dSame(1, 1, 3, 2)
    x = torch.rand(1, 1, 7, 7, generator=rng)
    assert (same(x).shape[-1], FixedPadConv2d(same)(x).shape[-1]) == (4, 3)


def test_all_convolutions_of_a_copy_are_replaced(rng):
    network = nn.Sequential(Conv2dSame(3, 4, 3, 2), nn.Sequential(Conv2dSame(4, 4, 5, 2)))
    fixed = with_fixed_padding(network)
    assert not any(isinstance(m, Conv2dSame) for m in fixed.modules())
    assert sum(isinstance(m, Conv2dSame) for m in network.modules()) == 2
    x = torch.rand(1, 3, 16, 24, generator=rng)
    assert torch.equal(fixed(x), network(x))
    assert fixed.state_dict().keys() == network.state_dict().keys()
