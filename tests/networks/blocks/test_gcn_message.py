"""Convolution on the grid equals the normalised adjacency matrix of all nodes."""

import pytest
import torch

from monai_ext.networks.blocks.gcn_message import GCNMessage
from monai_ext.ops.bag_layout import pad_bags, unpack_bag
from monai_ext.ops.grid_neighbors import flatten_neighbors, grid_neighbors
from monai_ext.testing.random_bags import random_bag

D = 6


def dense(message, parts, tiles, supernodes):
    n, outputs = tiles.shape[1], []
    for b in range(len(tiles)):
        real = parts.level[b] == 0
        place = torch.stack([parts.row[b], parts.col[b]], 1).double()
        size = n + supernodes.shape[1]
        edge = torch.zeros(size, size).double()  # [to, from]
        edge[:n, :n] = ((torch.cdist(place, place) <= 2.84) & real[:, None] & real[None]).double()
        edge[n:, :n] = real.double()
        edge[:n, n:] = (real[:, None] & message.is_bidirectional).double()
        into, out = edge.sum(1).clamp_min(1), edge.sum(0).clamp_min(1)
        if not message.is_bidirectional:
            out[n:] = real.sum()
        scaled = edge / (into[:, None] * out[None]).sqrt()
        y = scaled @ torch.cat([tiles[b], supernodes[b]]) @ message.weight.T
        outputs.append((y[:n], y[n:]))
    return [torch.stack(part) for part in zip(*outputs, strict=True)]


@pytest.mark.parametrize("width", [2, 9])
@pytest.mark.parametrize(("supers", "is_bidirectional"), [(0, True), (2, True), (1, False)])
def test_messages_and_gradients_equal_the_dense_graph(rng, width, supers, is_bidirectional):
    bags = [random_bag(D, s, generator=rng, keep=0.5, levels=(0, 1)) for s in ((2, 2), (2, 1))]
    parts = unpack_bag(pad_bags(bags))
    message = GCNMessage(D, 1, width, is_bidirectional=is_bidirectional).double()
    tiles = parts.features.double().clone().requires_grad_()
    known = torch.randn(2, supers, D, generator=rng, dtype=torch.float64).requires_grad_()
    neighbors = flatten_neighbors(grid_neighbors(parts.level, parts.row, parts.col, 0, 2), 1)
    real = parts.level == 0
    y, heard, attention = message(tiles, known, neighbors, real, True)
    results = []
    for tiles_out, supers_out in ((y, heard), dense(message, parts, tiles, known)):
        kept = torch.where(real.unsqueeze(2), tiles_out, 0.0)
        loss = kept.sin().sum() + supers_out.cos().sum()
        wanted = [tiles, message.weight] + ([known] if supers and is_bidirectional else [])
        results.append([kept, supers_out, *torch.autograd.grad(loss, wanted)])
    for found, expected in zip(*results, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-10)
    torch.testing.assert_close(attention.sum(2), torch.ones(2, supers).double())
    again = message(tiles, known, neighbors, real, False)
    assert torch.equal(again[1], heard)
