"""Statistics are those of all tiles of a level, whatever the bags."""

import torch

from monai_ext.engines.standardization import fit_standardization
from monai_ext.networks.blocks.standardized_linear import StandardizedLinear
from monai_ext.ops.bag_layout import pack_bag


class TwoLevels:
    """Level 0 has six channels, level 1 four."""

    def __init__(self):
        self.layers = [StandardizedLinear(6, 1), StandardizedLinear(4, 1)]

    def input_layers(self):
        return list(enumerate(self.layers))


def make_bag(rng, count, offset):
    level = torch.arange(count) % 2
    features = offset + torch.randn(count, 6, generator=rng)
    features[level == 1, 4:] = 0
    zeros = torch.zeros(count, dtype=torch.long)
    return pack_bag(features, level, zeros, zeros), features, level


def test_statistics_equal_those_of_all_tiles_together(rng):
    network = TwoLevels()
    made = [make_bag(rng, n, offset) for n, offset in ((10, 1e4), (31, 1e4 + 3), (4, 1e4))]
    fit_standardization(network, [bag for bag, _, _ in made])
    for level, layer in network.input_layers():
        rows = torch.cat([f[which == level] for _, f, which in made])[:, : layer.in_features]
        torch.testing.assert_close(layer.mean, rows.double().mean(0).float())
        torch.testing.assert_close(layer.std, rows.double().std(0).float())


def test_level_that_never_occurs_stays_as_it_is(rng):
    network = TwoLevels()
    features = torch.randn(5, 6, generator=rng)
    zeros = torch.zeros(5, dtype=torch.long)
    fit_standardization(network, [pack_bag(features, zeros, zeros, zeros)])
    torch.testing.assert_close(network.layers[1].std, torch.ones(4))
