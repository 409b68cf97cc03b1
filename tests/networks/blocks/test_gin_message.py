"""Each node's perceptron reads it and the mean of its neighbours."""

import pytest
import torch

from monai_ext.networks.blocks.gin_message import GINMessage
from monai_ext.ops.bag_layout import pad_bags, unpack_bag
from monai_ext.ops.grid_neighbors import flatten_neighbors, grid_neighbors
from monai_ext.testing.random_bags import random_bag

D = 6


@pytest.mark.parametrize(("supers", "is_bidirectional"), [(0, True), (2, True), (1, False)])
def test_messages_equal_means_over_the_dense_graph(rng, supers, is_bidirectional):
    bags = [random_bag(D, s, generator=rng, keep=0.5, levels=(0, 1)) for s in ((2, 2), (2, 1))]
    parts = unpack_bag(pad_bags(bags))
    message = GINMessage(D, 2, 4, is_bidirectional=is_bidirectional).double()
    tiles = parts.features.double()
    known = torch.randn(2, supers, D, generator=rng, dtype=torch.float64)
    neighbors = flatten_neighbors(grid_neighbors(parts.level, parts.row, parts.col, 0, 2), 2)
    found, heard, attention = message(tiles, known, neighbors, parts.level == 0, True)
    for b in range(2):
        real = parts.level[b] == 0
        place = torch.stack([parts.row[b], parts.col[b]], 1).double()
        for i in real.nonzero().flatten().tolist():
            near = real & ((place - place[i]).norm(dim=1) <= 2.84)
            around = [*tiles[b, near], *(known[b] if is_bidirectional else [])]
            expected = message.perceptron(tiles[b, i] + torch.stack(around).mean(0))
            torch.testing.assert_close(found[b, i], expected)
        for s in range(supers):
            expected = message.perceptron(known[b, s] + tiles[b, real].mean(0))
            torch.testing.assert_close(heard[b, s], expected)
            torch.testing.assert_close(attention[b, s], real.double() / real.sum())
    again = message(tiles, known, neighbors, parts.level == 0, False)
    assert torch.equal(again[1], heard)
