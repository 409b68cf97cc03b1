"""A tile's score is the slide network's word on a bag of that tile alone."""

import pytest
import torch

from monai_ext.export.tile_scorer import TileScorer
from monai_ext.networks.encoders import build_patch_encoder
from monai_ext.ops.bag_layout import pack_bag


class Summing(torch.nn.Module):
    """Sums of index rows and of features, each told apart."""

    def forward(self, bag):
        weights = torch.arange(1.0, bag.shape[1] + 1)
        return (bag * weights[:, None]).sum(2)


@pytest.mark.parametrize("width", [8, 11])
def test_bag_of_one_tile(rng, width):
    encoder = build_patch_encoder("tiny", embed_dim=8)
    tiles = torch.rand(3, 3, 16, 16, generator=rng)
    found = TileScorer(encoder, Summing(), 2, width)(tiles)
    for tile, scores in zip(tiles, found, strict=True):
        vector = torch.nn.functional.pad(encoder(255 * tile[None]), [0, width - 8])
        level, zero = torch.tensor([2]), torch.tensor([0])
        bag = pack_bag(vector, level, zero, zero, zero)
        torch.testing.assert_close(scores, Summing()(bag[None])[0])


def test_mean_of_tile_scores_is_a_linear_networks_slide_score(rng):
    class Mean(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.head = torch.nn.Linear(8, 2)

        def forward(self, bag):
            return self.head(bag[:, 4:].mean(2))

    encoder, network = build_patch_encoder("tiny", embed_dim=8), Mean()
    tiles = torch.rand(5, 3, 16, 16, generator=rng)
    zeros = torch.zeros(5, dtype=torch.long)
    bag = pack_bag(encoder(255 * tiles), zeros, zeros, zeros)
    scores = TileScorer(encoder, network, 0, 8)(tiles)
    torch.testing.assert_close(scores.mean(0), network(bag[None])[0])
