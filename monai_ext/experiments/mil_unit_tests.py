"""Do models keep to the multiple-instance assumption? Three algorithmic unit tests.

A model that respects it calls a bag positive because of what the bag **holds**. Training bags
offer something easier, which test bags turn round: a model that has learnt the easy thing is
right in training and wrong, below an AUC of 0.5, in test.

The tests are those of Raff and Holt. Their distributions are taken as the dev dependency
``torchmil`` states them (its ``SCStandardMILDataset``, ``MCStandardMILDataset`` and
``FalseFrequencyMILDataset``, algorithms 1 to 3 of the paper); the second number is a standard
deviation: poison N(-10, 0.1), background N(0, 1). Single concept: 1 to 3 instances, each of
N(0, 3) or N(1, 1). Several concepts: N(2, 0.1) and N(3, 0.1), 1 to 3 of each in positive bags, one
of either in negative bags. False frequency: one of each in positive bags, one concept alone in
negative bags, once in training and 35 to 44 times in test. Background of the last two: 1 to 9.

The paper's own text was not at hand, so none of this is checked against it. Our reading: in the
false-frequency test negative bags hold either concept (there: always the first, so that the
second by itself gives the label away). Ours: width, numbers of bags, background of the first
test, and order.

Places mean nothing here. Instances lie in one row in random order, four tiles apart, so that no
two are neighbours, and the region of the k-th is k modulo 4.

Reference:
    E. Raff, J. Holt, Reproducibility in Multiple Instance Learning: A Case For Algorithmic Unit
    Tests, NeurIPS 2023, https://arxiv.org/abs/2310.17867.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from monai_ext.experiments.planted_draw import PlantedDraw, PlantedPart, bag_shape, pair_labels
from monai_ext.ops.bag_layout import pack_bag, pad_bags

REGIONS = 4
_APART = 4
_POISON = (-10.0, 0.1)
_CONCEPTS = ((2.0, 0.1), (3.0, 0.1))


@dataclass(frozen=True)
class UnitTestPlan:
    """Sizes.

    Args:
        width: D.
        background: background instances of the first test.
        training: bags to train on, even.
        test: bags to test on, even.
    """

    width: int
    background: int
    training: int
    test: int


class _Kinds(NamedTuple):
    """Means, deviations and truth of the instances of a bag."""

    mean: list[float]
    std: list[float]
    concept: list[bool]

    def add(self, kind: tuple[float, float], count: int = 1, *, is_concept: bool = False) -> None:
        self.mean.extend([kind[0]] * count)
        self.std.extend([kind[1]] * count)
        self.concept.extend([is_concept] * count)


def single_concept(plan: UnitTestPlan, generator: torch.Generator, *, is_test: bool) -> PlantedPart:
    """A concept makes a bag positive; poison: in training in negative bags, in test in positive.

    Learning that a bag without poison is positive fits the training bags perfectly.
    """

    def fill(kinds: _Kinds, is_positive: bool) -> None:  # noqa: FBT001
        if is_positive == is_test:
            kinds.add(_POISON)
        if is_positive:
            for _ in range(_between(1, 3, generator)):
                kinds.add(((0.0, 3.0), (1.0, 1.0))[_between(0, 1, generator)], is_concept=True)
        kinds.add((0.0, 1.0), plan.background)

    return _part(plan, generator, fill, is_test=is_test)


def multi_concept(plan: UnitTestPlan, generator: torch.Generator, *, is_test: bool) -> PlantedPart:
    """Two concepts **together** make a bag positive; poison as in :func:`single_concept`."""

    def fill(kinds: _Kinds, is_positive: bool) -> None:  # noqa: FBT001
        if is_positive == is_test:
            kinds.add(_POISON)
        if is_positive:
            count = _between(1, 3, generator)
            for concept in _CONCEPTS:
                kinds.add(concept, count, is_concept=True)
        else:
            kinds.add(_CONCEPTS[_between(0, 1, generator)])
        kinds.add((0.0, 1.0), _between(1, 9, generator))

    return _part(plan, generator, fill, is_test=is_test)


def false_frequency(
    plan: UnitTestPlan, generator: torch.Generator, *, is_test: bool
) -> PlantedPart:
    """Two concepts together make a bag positive; in test negative bags hold one many times.

    In training two concept instances are more than one, so counting them is enough; in test
    the negative bags hold 35 to 44.
    """

    def fill(kinds: _Kinds, is_positive: bool) -> None:  # noqa: FBT001
        if is_positive:
            for concept in _CONCEPTS:
                kinds.add(concept, is_concept=True)
        else:
            count = _between(35, 44, generator) if is_test else 1
            kinds.add(_CONCEPTS[_between(0, 1, generator)], count)
        kinds.add((0.0, 1.0), _between(1, 9, generator))

    return _part(plan, generator, fill, is_test=is_test)


UNIT_TESTS: dict[str, Callable[..., PlantedPart]] = {
    "single_concept": single_concept,
    "multi_concept": multi_concept,
    "false_frequency": false_frequency,
}


def unit_test_draw(name: str, plan: UnitTestPlan, seed: int) -> PlantedDraw:
    """Both parts of a test.

    Args:
        name: of :data:`UNIT_TESTS`.
        plan: sizes.
        seed: decides everything.

    Raises:
        ValueError: if the name is unknown.
    """
    if name not in UNIT_TESTS:
        raise ValueError(f"name={name} is unknown: use {', '.join(UNIT_TESTS)}")
    generator = torch.Generator().manual_seed(seed)
    training, test = (UNIT_TESTS[name](plan, generator, is_test=k) for k in (False, True))
    return PlantedDraw(training, test, bag_shape(training.bags))


def unit_test_verdict(train_auc: float, auc: float, *, high: float) -> str:
    """``passed``, ``failed`` as in the paper, or why neither.

    Args:
        train_auc: mean over seeds.
        auc: of the test bags, mean over seeds.
        high: what counts as high for either.

    Example:
        >>> unit_test_verdict(1.0, 0.1, high=0.9), unit_test_verdict(0.99, 0.97, high=0.9)
        ('failed', 'passed')
    """
    if train_auc < high:
        return "not learnt"
    if auc < 0.5:
        return "failed"
    return "passed" if auc >= high else "in part"


def _part(
    plan: UnitTestPlan,
    generator: torch.Generator,
    fill: Callable[[_Kinds, bool], None],
    *,
    is_test: bool,
) -> PlantedPart:
    count = plan.test if is_test else plan.training
    labels = pair_labels(count)
    bags, truth = [], []
    for is_positive in (labels == 1).tolist():
        kinds = _Kinds([], [], [])
        fill(kinds, is_positive)
        order = torch.randperm(len(kinds.mean), generator=generator)
        mean, std = (torch.tensor(x)[order, None] for x in (kinds.mean, kinds.std))
        noise = torch.randn(len(order), plan.width, generator=generator)
        bags.append(_in_a_row(mean + std * noise))
        truth.append(torch.tensor(kinds.concept)[order] & is_positive)
    padded = torch.nn.utils.rnn.pad_sequence(truth, batch_first=True, padding_value=False)
    return PlantedPart(pad_bags(bags), labels, padded)


def _in_a_row(features: Tensor) -> Tensor:
    number = torch.arange(len(features))
    zero = torch.zeros_like(number)
    return pack_bag(features, zero, zero, _APART * number, number % REGIONS)


def _between(low: int, high: int, generator: torch.Generator) -> int:
    """A whole number, both ends included."""
    return int(torch.randint(low, high + 1, (1,), generator=generator))
