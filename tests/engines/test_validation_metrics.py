"""Metrics are of all bags together, however they were batched."""

import math

import pytest
import torch
from ignite.engine import Engine

from monai_ext.engines import auc_metric, auc_of_logits, loss_metric
from monai_ext.engines.validation_metrics import logits_and_labels


def items(logits, labels):
    """A batch as MONAI decollates it."""
    return [{"pred": p, "label": y} for p, y in zip(logits, labels, strict=True)]


def computed(metric, logits, labels, sizes):
    engine = Engine(lambda engine, batch: items(*batch))
    metric.attach(engine, "m")
    batches = zip(logits.split(sizes), labels.split(sizes), strict=True)
    return engine.run(list(batches)).metrics["m"]


@pytest.fixture
def bags(rng):
    return torch.randn(9, 2, generator=rng), torch.tensor([0, 1, 1, 0, 1, 0, 0, 1, 1])


def test_batch_is_stacked_as_float_and_long():
    batch = items([torch.tensor([1, 2]).half(), [3, 4]], [torch.tensor([1.0]), 0])
    logits, labels = logits_and_labels(batch)
    assert logits.dtype == torch.float32
    assert logits.tolist() == [[1, 2], [3, 4]]
    assert labels.dtype == torch.int64
    assert labels.tolist() == [1, 0]


def test_loss_is_the_mean_over_bags_not_over_batches(bags):
    loss = torch.nn.CrossEntropyLoss()
    found = computed(loss_metric(loss), *bags, [5, 3, 1])
    assert found == pytest.approx(float(loss(*bags)), rel=1e-6)


def test_auc_is_the_share_of_rightly_ordered_pairs_over_all_batches(bags):
    logits, labels = bags
    score = logits[:, 1] - logits[:, 0]
    pairs = score[labels == 1][:, None] > score[labels == 0]
    assert 0 < pairs.float().mean() < 1
    found = computed(auc_metric(), logits, labels, [5, 3, 1])
    assert found == pytest.approx(float(pairs.double().mean()))


def test_beyond_two_classes_auc_is_the_mean_of_each_against_the_rest(rng):
    logits = torch.randn(12, 3, generator=rng, dtype=torch.float64)
    labels = torch.tensor([0] * 6 + [1] * 4 + [2] * 2)
    shares = logits.softmax(1)
    each = [
        (shares[labels == c, c][:, None] > shares[labels != c, c]).double().mean() for c in range(3)
    ]
    assert auc_of_logits(logits, labels) == pytest.approx(float(sum(each) / 3))


def test_score_is_the_probability_not_the_logit():
    """The second bag has the larger logit of class 1 and the smaller probability."""
    logits = torch.tensor([[0.0, 1.0], [9.0, 2.0]])
    assert auc_of_logits(logits, torch.tensor([1, 0])) == 1.0


def test_confident_bags_are_still_told_apart():
    """In float32 both probabilities would be 1."""
    logits = torch.tensor([[0.0, 30.0], [0.0, 25.0]])
    assert auc_of_logits(logits, torch.tensor([1, 0])) == 1.0


@pytest.mark.parametrize(
    ("logits", "labels"),
    [
        ([[0.0, 1.0], [1.0, 0.0]], [1, 1]),
        ([[0.0, 1.0, 2.0], [1.0, 0.0, 0.0]], [1, 0]),
        ([[0.0, float("nan")], [1.0, 0.0]], [1, 0]),
        ([[0.0, float("inf")], [1.0, 0.0]], [1, 0]),
    ],
    ids=["one class of two", "two of three", "nan", "infinite"],
)
def test_auc_is_nan_where_it_is_undefined(logits, labels):
    assert math.isnan(auc_of_logits(torch.tensor(logits), torch.tensor(labels)))
