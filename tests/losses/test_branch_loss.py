import pytest
import torch
from torch.nn.functional import cross_entropy

from monai_ext.losses.branch_loss import BranchLoss

LABEL = torch.tensor([0, 2])


@pytest.fixture
def prediction(rng: torch.Generator) -> dict[str, torch.Tensor]:
    return {
        "logits": torch.randn(2, 3, generator=rng),
        "branch_logits": torch.randn(2, 4, 3, generator=rng),
    }


def test_loss_adds_the_mean_of_the_branches(prediction):
    loss = BranchLoss(torch.nn.CrossEntropyLoss(), 0.5)
    each = [cross_entropy(prediction["branch_logits"][:, t], LABEL) for t in range(4)]
    expected = cross_entropy(prediction["logits"], LABEL) + 0.5 * sum(each) / 4
    torch.testing.assert_close(loss(prediction, LABEL), expected)


def test_weight_zero_and_plain_logits_give_the_plain_loss(prediction):
    expected = cross_entropy(prediction["logits"], LABEL)
    plain = BranchLoss(torch.nn.CrossEntropyLoss(), 0.0)
    assert torch.equal(plain(prediction, LABEL), expected)
    weighted = BranchLoss(torch.nn.CrossEntropyLoss(), 0.5)
    assert torch.equal(weighted(prediction["logits"], LABEL), expected)


def test_negative_weight_is_refused():
    with pytest.raises(ValueError, match=r"weight=-0.1 must be at least 0"):
        BranchLoss(torch.nn.CrossEntropyLoss(), -0.1)
