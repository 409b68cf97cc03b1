"""Without edges every node is a linear function of itself."""

import torch

from monai_ext.networks.blocks.no_message import NoMessage
from monai_ext.ops.grid_neighbors import flatten_neighbors


def test_each_node_is_alone(rng):
    message = NoMessage(5, 2, 3)
    tiles = torch.randn(2, 4, 5, generator=rng)
    known = torch.randn(2, 1, 5, generator=rng)
    table = torch.zeros(2, 4, 9).int()
    out = message(tiles, known, flatten_neighbors(table, 2), torch.ones(2, 4).bool(), True)
    torch.testing.assert_close(out[0], tiles @ message.weight.T)
    torch.testing.assert_close(out[1], known @ message.weight.T)
    assert torch.equal(out[2], torch.zeros(2, 1, 4))
