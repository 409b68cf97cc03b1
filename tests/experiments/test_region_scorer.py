"""The region scorer finds one region among many, and with one region is logistic regression."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from monai_ext.experiments.region_scorer import RegionScorer


def planted(rng: torch.Generator, bags: int, regions: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Half of the bags have one region that is shifted along the first feature."""
    x = torch.randn(bags, regions, 6, generator=rng)
    labels = torch.arange(bags) % 2
    place = torch.randint(regions, (bags,), generator=rng)
    x[torch.arange(bags), place, 0] += 6.0 * labels
    return x, labels


def test_one_region_is_logistic_regression(rng):
    x, labels = planted(rng, 40, 1)
    ours = RegionScorer(penalty=0.5).fit(x, labels)
    theirs = LogisticRegression(C=0.5, tol=1e-8).fit(x[:, 0].numpy(), labels.numpy())
    np.testing.assert_allclose(
        ours.score(x), theirs.decision_function(x[:, 0].numpy()), rtol=1e-3, atol=1e-4
    )


def test_one_region_among_many_is_found(rng):
    train, labels = planted(rng, 80, 12)
    scorer = RegionScorer(penalty=1.0).fit(train, labels)
    test, truth = planted(rng, 80, 12)
    right = (scorer.score(test) > 0) == (truth == 1)
    assert right.float().mean() > 0.9
    assert scorer.weight[0].detach() > 3 * scorer.weight[1:].detach().abs().max()


def test_bag_logit_is_the_log_mean_exp_of_region_scores(rng):
    x, labels = planted(rng, 20, 5)
    scorer = RegionScorer(penalty=1.0, temperature=0.5).fit(x, labels)
    mean = (scorer.region_score(x) / 0.5).exp().mean(1)
    torch.testing.assert_close(scorer.score(x), 0.5 * mean.log() + scorer.bias.detach())


@pytest.mark.parametrize("penalty", [1e-3, 10.0])
def test_small_penalty_means_small_weights(rng, penalty):
    x, labels = planted(rng, 40, 3)
    size = RegionScorer(penalty=penalty).fit(x, labels).weight.detach().norm()
    assert (size < 0.2) == (penalty < 1)
