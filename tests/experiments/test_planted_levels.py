"""Only the common regions of levels tell the label; the grid is a proper one."""

import pytest
import torch

from monai_ext.experiments.planted_levels import (
    finest_level_bags,
    level_grid,
    middle_level_bags,
    permuted_regions,
)
from monai_ext.ops.bag_layout import unpack_bag
from monai_ext.ops.regions import spatial_regions

SIZES = {"cells": (2, 3), "width": 4, "salient": 2, "shift": 50.0}


def marked_regions(bags: torch.Tensor, level: int, feature: int) -> list[set[int]]:
    """Regions in which a feature is high at a level, of each bag."""
    parts = unpack_bag(bags)
    high = (parts.features[..., feature] > 25) & (parts.level == level)
    return [set(parts.region[i][high[i]].tolist()) for i in range(len(bags))]


def test_regions_are_those_of_the_partition():
    level, row, col, region = level_grid((2, 3))
    assert torch.equal(spatial_regions(level, row, col, 6), region)
    assert torch.bincount(level).tolist() == [96, 24, 6]


def test_sign_lies_in_the_salient_regions_of_positive_bags_only(rng):
    bags, labels, truth = middle_level_bags(40, rng, **SIZES)
    salient, signed = marked_regions(bags, 0, 0), marked_regions(bags, 1, 1)
    for label, lit, sign in zip(labels, salient, signed, strict=True):
        assert len(lit) == len(sign) == 2
        assert (lit == sign) if label else not lit & sign
    assert len({tuple(sorted(lit)) for lit in salient}) > 5
    high = (unpack_bag(bags).features[..., 1] > 25) & (bags[:, 0] == 1)
    assert torch.equal(truth, high & (labels == 1)[:, None])


def test_regions_of_a_level_are_the_same_within_a_pair(rng):
    parts = unpack_bag(middle_level_bags(6, rng, **SIZES).bags)
    for level in range(3):
        here = parts.level[0] == level
        order = parts.region[0][here].argsort(stable=True)
        blocks = parts.features[:, here][:, order].reshape(6, 6, -1)
        negative, positive = (
            torch.stack([x[x[:, 2].argsort()] for x in blocks[k::2]]) for k in (0, 1)
        )
        torch.testing.assert_close(negative, positive, rtol=0, atol=0)


def test_signs_are_of_whole_regions(rng):
    bags, _, truth = middle_level_bags(2, rng, **SIZES)
    assert truth[1].sum() == 8
    assert int(((unpack_bag(bags).features[1, :, 0] > 25) & (bags[1, 0] == 0)).sum()) == 32


def test_too_many_salient_regions_are_refused(rng):
    with pytest.raises(ValueError, match=r"salient=4 regions of 6: between 1 and half"):
        middle_level_bags(2, rng, **{**SIZES, "salient": 4})


def test_control_moves_coarser_regions_only(rng):
    part = middle_level_bags(20, rng, **SIZES)
    mixed = permuted_regions(part, rng)
    before, after = unpack_bag(part.bags), unpack_bag(mixed.bags)
    torch.testing.assert_close(before.features, after.features, rtol=0, atol=0)
    fine = before.level == 0
    assert torch.equal(before.region[fine], after.region[fine])
    assert not torch.equal(before.region, after.region)
    together = [
        lit == sign
        for lit, sign in zip(
            marked_regions(mixed.bags, 0, 0), marked_regions(mixed.bags, 1, 1), strict=True
        )
    ]
    assert sum(together[1::2]) < 5
    for bag in after.region:
        pairs = torch.stack([before.region[0], bag, before.level[0]]).T
        assert len(torch.unique(pairs, dim=0)) == 18


def test_finest_tiles_alone_tell(rng):
    bags, labels, truth = finest_level_bags(20, rng, cells=(2, 3), width=4, tiles=3, shift=50.0)
    high = unpack_bag(bags).features[..., 0] > 25
    assert torch.equal(high, truth)
    assert torch.equal(truth.sum(1), 3 * labels)
    assert not truth[bags[:, 0] > 0].any()
