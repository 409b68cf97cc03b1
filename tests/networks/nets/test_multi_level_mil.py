import pytest
import torch

from monai_ext.networks.blocks.mean_branch import MeanBranch
from monai_ext.networks.nets.multi_level_mil import MultiLevelMIL


def test_each_level_needs_a_branch():
    with pytest.raises(ValueError, match=r"1 branches do not fit levels=\[0, 1\]"):
        MultiLevelMIL([MeanBranch(3, 2, 4)], 3, 2, levels=[0, 1])


def test_branch_outputs_are_those_of_each_stretch(rng):
    torch.manual_seed(0)  # noqa: TID251
    branches = [MeanBranch(3, 2, 4), MeanBranch(3, 2, 4)]
    net = MultiLevelMIL(branches, 3, 2, levels=[0, 1])
    bag = torch.randn(1, 7, 5, generator=rng)
    bag[0, 0] = torch.tensor([0.0, 0, 1, 1, 1])
    found = net.branch_outputs(bag)
    assert [part["mask"].shape[1] for part in found] == [2, 3]
    hidden = torch.relu(branches[1].embed.linear(bag[0, 4:, 2:].T)).mean(0)
    torch.testing.assert_close(found[1]["logits"][0], branches[1].classifier(hidden))
    logits = torch.stack([part["logits"] for part in found], 1)
    torch.testing.assert_close(net.join(logits), net(bag))
