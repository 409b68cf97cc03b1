"""Branches with attention, against loops over classes and instances."""

import pytest
import torch

from monai_ext.networks.blocks.class_attention_branch import ClassAttentionBranch
from monai_ext.networks.blocks.dsmil_branch import DSMILBranch
from monai_ext.networks.blocks.gated_attention_branch import GatedAttentionBranch

N, WIDTH, CLASSES, HIDDEN, ATTENTION = 9, 5, 3, 7, 4
NO_REGION = torch.full((2, N), -1)


@pytest.fixture
def x(rng) -> torch.Tensor:
    torch.manual_seed(0)  # noqa: TID251
    return 2 * torch.randn(2, N, WIDTH, generator=rng)


@pytest.fixture
def mask() -> torch.Tensor:
    return torch.arange(N) < torch.tensor([[N], [5]])


def test_gated_attention_branch(x, mask):
    branch = GatedAttentionBranch(WIDTH, CLASSES, HIDDEN, ATTENTION)
    out = branch.explain(x, mask, NO_REGION)
    for b, number in enumerate((N, 5)):
        hidden = torch.relu(branch.embed.linear(x[b, :number]))
        scores = branch.attention.scores(hidden)
        share = scores.softmax(0)
        torch.testing.assert_close(out["attention"][b, :number], share)
        torch.testing.assert_close(out["scores"][b, 0, :number], scores)
        torch.testing.assert_close(out["hidden"][b, :number], hidden)
        torch.testing.assert_close(out["logits"][b], branch.classifier(share @ hidden))


def test_packed_bags_are_the_padded_ones_with_their_gradients(x, mask):
    branch = GatedAttentionBranch(WIDTH, CLASSES, HIDDEN, ATTENTION).double()
    x, mask = x.double(), torch.cat([mask, mask[:1] & False])
    x = torch.cat([x, x[:1]])
    found = []
    for run in (branch, lambda *args: branch.explain(*args)["logits"]):
        branch.zero_grad()
        logits = run(x, mask, mask.long())
        logits.square().sum().backward()
        found.append([logits.detach(), *(p.grad.clone() for p in branch.parameters())])
    for packed, padded in zip(*found, strict=True):
        torch.testing.assert_close(packed, padded)


def test_class_attention_branch(x, mask):
    branch = ClassAttentionBranch(WIDTH, CLASSES, HIDDEN, ATTENTION)
    out = branch.explain(x, mask, NO_REGION)
    for b, number in enumerate((N, 5)):
        hidden = torch.relu(branch.embed.linear(x[b, :number]))
        gated = torch.tanh(branch.value(hidden)) * torch.sigmoid(branch.gate(hidden))
        for c in range(CLASSES):
            share = (gated @ branch.score.weight[c]).softmax(0)
            torch.testing.assert_close(out["class_attention"][b, c, :number], share)
            logit = branch.classifier(share @ hidden)[c]
            torch.testing.assert_close(out["logits"][b, c], logit)
        predicted = int(out["logits"][b].argmax())
        torch.testing.assert_close(out["attention"][b], out["class_attention"][b, predicted])


@pytest.mark.parametrize("score", ["mean", "bag"])
@pytest.mark.parametrize("scaled", [False, True])
def test_dsmil_branch(x, mask, scaled, score):
    branch = DSMILBranch(WIDTH, CLASSES, HIDDEN, ATTENTION, scaled=scaled, score=score)
    out = branch.explain(x, mask, NO_REGION)
    for b, number in enumerate((N, 5)):
        hidden = torch.relu(branch.embed.linear(x[b, :number]))
        scores, query = branch.instance(hidden), branch.query(hidden)
        value = branch.value(hidden)
        pooled = []
        for c in range(CLASSES):
            match = query @ query[scores[:, c].argmax()]
            share = (match / (ATTENTION**0.5 if scaled else 1.0)).softmax(0)
            torch.testing.assert_close(out["class_attention"][b, c, :number], share)
            pooled.append(share @ value)
        bag = branch.bag(torch.cat(pooled))
        torch.testing.assert_close(out["max_logits"][b], scores.amax(0))
        torch.testing.assert_close(out["bag_logits"][b], bag)
        expected = (scores.amax(0) + bag) / 2 if score == "mean" else bag
        torch.testing.assert_close(out["logits"][b], expected)
        predicted = int(out["logits"][b].argmax())
        torch.testing.assert_close(out["attention"][b], out["class_attention"][b, predicted])


def test_critical_instance_is_never_a_masked_one(x, mask):
    branch = DSMILBranch(WIDTH, CLASSES, HIDDEN, ATTENTION)
    other = x.clone()
    other[1, 5:] = 100.0
    torch.testing.assert_close(branch(other, mask, NO_REGION), branch(x, mask, NO_REGION))


@pytest.mark.parametrize("build", [GatedAttentionBranch, ClassAttentionBranch, DSMILBranch])
def test_attention_over_nothing_gives_biases(build, x, mask):
    branch = build(WIDTH, CLASSES, HIDDEN, ATTENTION)
    out = branch.explain(x, mask & False, NO_REGION)
    expected = branch.classifier.bias if hasattr(branch, "classifier") else None
    if expected is None:
        expected = (branch.instance.bias + branch.bag.bias) / 2
    torch.testing.assert_close(out["logits"][0], expected)
    assert out["attention"].abs().sum() == 0


@pytest.mark.parametrize("setting", ["query", "value", "score"])
def test_unknown_names_are_refused(setting):
    with pytest.raises(ValueError, match=f"{setting}=other is unknown: use"):
        DSMILBranch(WIDTH, CLASSES, HIDDEN, ATTENTION, **{setting: "other"})
