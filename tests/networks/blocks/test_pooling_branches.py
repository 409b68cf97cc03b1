"""Branches that pool without attention."""

import pytest
import torch

from monai_ext.experiments.region_scorer import RegionScorer
from monai_ext.networks.blocks.max_branch import MaxBranch
from monai_ext.networks.blocks.mean_branch import MeanBranch
from monai_ext.networks.blocks.region_lse_branch import RegionLSEBranch
from monai_ext.networks.blocks.simlp_branch import SiMLPBranch

N, WIDTH, CLASSES, HIDDEN, M = 9, 5, 3, 7, 4
NO_REGION = torch.full((2, N), -1)


@pytest.fixture
def x(rng) -> torch.Tensor:
    torch.manual_seed(0)  # noqa: TID251
    return torch.randn(2, N, WIDTH, generator=rng)


@pytest.fixture
def mask() -> torch.Tensor:
    """One bag of all instances, one of five."""
    return torch.arange(N) < torch.tensor([[N], [5]])


def test_mean_of_embeddings_is_mean_of_scores(x, mask):
    branch = MeanBranch(WIDTH, CLASSES, HIDDEN)
    logits = branch(x, mask, NO_REGION)
    scores = branch.classifier(torch.relu(branch.embed.linear(x)))
    for b, number in enumerate((N, 5)):
        torch.testing.assert_close(logits[b], scores[b, :number].mean(0))


def test_simlp_is_a_perceptron_on_the_mean(x, mask):
    branch = SiMLPBranch(WIDTH, CLASSES, HIDDEN)
    logits = branch(x, mask, NO_REGION)
    for b, number in enumerate((N, 5)):
        hidden = torch.relu(branch.hidden(x[b, :number].mean(0)))
        torch.testing.assert_close(logits[b], branch.classifier(hidden))


def test_best_instance_decides_class_by_class(x, mask):
    branch = MaxBranch(WIDTH, CLASSES, HIDDEN)
    out = branch.explain(x, mask, NO_REGION)
    scores = branch.classifier(torch.relu(branch.embed.linear(x)))
    for b, number in enumerate((N, 5)):
        top, winner = scores[b, :number].max(0)
        torch.testing.assert_close(out["logits"][b], top)
        expected = torch.zeros(N)
        expected[winner[top.argmax()]] = 1
        torch.testing.assert_close(out["attention"][b], expected)


def test_best_value_of_each_hidden_unit(x, mask):
    branch = MaxBranch(WIDTH, CLASSES, HIDDEN, pooled="embedding")
    out = branch.explain(x, mask, NO_REGION)
    hidden = torch.relu(branch.embed.linear(x))
    for b, number in enumerate((N, 5)):
        top, winner = hidden[b, :number].max(0)
        torch.testing.assert_close(out["logits"][b], branch.classifier(top))
        share = torch.bincount(winner, minlength=N) / HIDDEN
        torch.testing.assert_close(out["attention"][b], share)


@pytest.mark.parametrize("pooled", ["score", "embedding"])
def test_maximum_of_nothing_is_the_bias(pooled, x, mask):
    branch = MaxBranch(WIDTH, CLASSES, HIDDEN, pooled=pooled)
    out = branch.explain(x, mask & False, NO_REGION)
    torch.testing.assert_close(out["logits"][0], branch.classifier.bias)
    assert out["attention"].abs().sum() == 0


def regions(rng: torch.Generator) -> torch.Tensor:
    return torch.randint(-1, M, (2, N), generator=rng)


def test_region_scores_are_the_region_scorers(rng, x):
    """Class 1 of two scored by the weights, class 0 by nothing: the logistic region scorer."""
    region = torch.arange(N).repeat(2, 1) % M
    means = torch.stack([x[:, region[0] == r].mean(1) for r in range(M)], 1)
    scorer = RegionScorer(penalty=1.0, temperature=0.6).fit(means, torch.tensor([0, 1]))
    branch = RegionLSEBranch(WIDTH, 2, M, temperature=0.6)
    with torch.no_grad():
        branch.score.weight.copy_(torch.stack([torch.zeros(WIDTH), scorer.weight.float()]))
        branch.score.bias.copy_(torch.tensor([0.0, float(scorer.bias)]))
    logits = branch(x, region >= 0, region)
    torch.testing.assert_close(
        logits[:, 1] - logits[:, 0], scorer.score(means).float(), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("temperature", [0.3, 2.0])
def test_empty_regions_and_instances_without_region_take_no_part(rng, x, mask, temperature):
    region = regions(rng)
    region[region == 2] = 1
    branch = RegionLSEBranch(WIDTH, CLASSES, M, temperature)
    out = branch.explain(x, mask, region)
    for b in range(2):
        here = [(region[b] == r) & mask[b] for r in range(M)]
        scores = torch.stack([branch.score(x[b, h].mean(0)) for h in here if h.any()])
        shares = (scores / temperature).softmax(0)
        mean = (scores / temperature).exp().mean(0)
        torch.testing.assert_close(out["logits"][b], temperature * mean.log())
        predicted = out["logits"][b].argmax()
        expected = torch.zeros(N)
        for share, h in zip(shares[:, predicted], [h for h in here if h.any()], strict=True):
            expected[h] = share / h.sum()
        torch.testing.assert_close(out["attention"][b], expected)
        assert out["region_attention"][b, 2] == 0


def test_no_region_gives_the_bias(x, mask):
    branch = RegionLSEBranch(WIDTH, CLASSES, M)
    out = branch.explain(x, mask, NO_REGION)
    torch.testing.assert_close(out["logits"][0], branch.score.bias)
    assert out["attention"].abs().sum() == 0


def test_without_weights_the_gradient_is_that_of_mean_pooling(x, mask):
    region = torch.arange(N).repeat(2, 1) % M
    branch = RegionLSEBranch(WIDTH, CLASSES, M)
    with torch.no_grad():
        branch.score.weight.zero_()
    branch(x[:1], mask[:1], region[:1])[0, 1].backward()
    means = torch.stack([x[0, region[0] == r].mean(0) for r in range(M)])
    torch.testing.assert_close(branch.score.weight.grad[1], means.mean(0))


def test_unknown_settings_are_refused():
    with pytest.raises(ValueError, match="pooled=mean is unknown: use score or embedding"):
        MaxBranch(WIDTH, CLASSES, HIDDEN, pooled="mean")
    with pytest.raises(ValueError, match=r"temperature=0 must be positive"):
        RegionLSEBranch(WIDTH, CLASSES, M, temperature=0)
