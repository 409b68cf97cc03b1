"""Pairs differ by places alone; the piece is one piece."""

from functools import partial

import pytest
import torch

from monai_ext.experiments.planted_contiguous import contiguous_bags, isolated_bags
from monai_ext.ops.bag_layout import unpack_bag

SIZES = {"side": 6, "width": 3, "lesion": 7, "shift": 20.0}


def pieces(truth: torch.Tensor, side: int) -> int:
    """Number of pieces that touch by edges, by flooding."""
    left = {divmod(int(cell), side) for cell in truth.nonzero()}
    count = 0
    while left:
        count += 1
        edge = [left.pop()]
        while edge:
            row, col = edge.pop()
            for near in ((row + 1, col), (row - 1, col), (row, col + 1), (row, col - 1)):
                if near in left:
                    left.remove(near)
                    edge.append(near)
    return count


@pytest.mark.parametrize("is_scattered", [False, True])
def test_pairs_hold_the_same_instances(rng, is_scattered):
    features = unpack_bag(contiguous_bags(8, rng, **SIZES, is_scattered=is_scattered).bags).features
    negative, positive = (
        torch.stack([x[x[:, 1].argsort()] for x in features[k::2]]) for k in (0, 1)
    )
    torch.testing.assert_close(negative, positive, rtol=0, atol=0)
    assert (negative[0] - negative[1]).abs().max() > 0.1


def test_lesion_is_one_piece_in_positive_bags_only(rng):
    bags, labels, truth = contiguous_bags(20, rng, **SIZES)
    lesion = unpack_bag(bags).features[..., 0] > 10
    found = [pieces(marked, 6) for marked in lesion]
    assert labels.tolist() == [0, 1] * 10
    assert found[1::2] == [1] * 10
    assert min(found[::2]) > 1
    assert torch.equal(truth[1::2], lesion[1::2])
    assert not truth[::2].any()
    assert lesion.sum(1).tolist() == [7] * 20


def test_control_is_scattered_in_positive_bags_too(rng):
    truth = contiguous_bags(20, rng, **SIZES, is_scattered=True).truth
    assert min(pieces(marked, 6) for marked in truth[1::2]) > 1


def test_pieces_lie_anywhere(rng):
    truth = contiguous_bags(200, rng, **SIZES).truth
    assert truth.any(0).all()


def test_instances_are_in_raster_order(rng):
    parts = unpack_bag(contiguous_bags(2, rng, **SIZES).bags)
    assert torch.equal(parts.row[0] * 6 + parts.col[0], torch.arange(36))
    assert not parts.level.any()


def test_one_instance_makes_a_bag_positive(rng):
    bags, labels, truth = isolated_bags(40, rng, side=5, width=3, shift=20.0)
    high = unpack_bag(bags).features[..., 0] > 10
    assert torch.equal(high, truth)
    assert torch.equal(high.sum(1), labels)
    assert len(set(truth[1::2].int().argmax(1).tolist())) > 5


@pytest.mark.parametrize(
    "make",
    [partial(contiguous_bags, **SIZES), partial(isolated_bags, side=5, width=3, shift=2.0)],
)
def test_generator_decides(make):
    one, same, other = (make(4, torch.Generator().manual_seed(s)).bags for s in (0, 0, 1))
    torch.testing.assert_close(one, same, rtol=0, atol=0)
    assert (one - other).abs().max() > 0.1
