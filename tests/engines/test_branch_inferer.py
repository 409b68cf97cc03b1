"""The inferer asks for branches only where they count."""

import torch

from monai_ext.engines import BranchInferer


class Network(torch.nn.Module):
    def forward(self, bag):
        return bag.mean(2)[:, :2]

    def explain(self, bag):
        logits = self(bag)
        return {"logits": logits, "branch_logits": logits[:, None] + 1, "attention": bag[:, 0]}


def test_without_weight_the_network_is_called(rng):
    bag = torch.randn(2, 5, 3, generator=rng)
    torch.testing.assert_close(BranchInferer(0)(bag, Network()), bag.mean(2)[:, :2])


def test_with_weight_it_gives_what_the_loss_reads(rng):
    bag = torch.randn(2, 5, 3, generator=rng)
    found = BranchInferer(0.5)(bag, Network())
    assert set(found) == {"logits", "branch_logits"}
    torch.testing.assert_close(found["branch_logits"][:, 0], bag.mean(2)[:, :2] + 1)
