"""Do the tests of ``compare`` keep what they promise? Pairs of methods whose truth is known.

A/A: both methods of a pair are equal by construction, so a test at 5 % should reject in 5 % of
pairs, and an interval at 95 % hold zero in 95 %. With a known difference the interval should hold
that one as often. The procedures are those of ``compare`` itself, and the textbook's beside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monai_ext.data import Cohort, Split
from monai_ext.experiments.bootstrap import bootstrap_interval
from monai_ext.experiments.corrected_t import corrected_resampled_t
from monai_ext.experiments.metrics import Array, area_under_roc
from monai_ext.experiments.nested_bootstrap import nested_bootstrap_interval
from monai_ext.experiments.paired_difference import Design, paired_difference
from monai_ext.experiments.patient_jackknife import patient_jackknife, share_interval
from monai_ext.experiments.patient_scores import Cases, leave_one_out_weights, weighted_scores

Fit = Callable[[int, NDArray[np.int64], NDArray[np.int64]], Array]
"""Scores [T] of a method (0 or 1) for test slides, learnt from training slides (places)."""


@dataclass(frozen=True)
class Outcome:
    """What one procedure said of one pair.

    Attributes:
        procedure: its name.
        p: its p-value, nan where it gives none.
        low: lower end of its interval, nan where it gives none.
        high: upper end.
    """

    procedure: str
    p: float
    low: float = np.nan
    high: float = np.nan


@dataclass(frozen=True)
class Pair:
    """Two methods on the splits of one cohort.

    Attributes:
        mean: score of the first method: mean over draws, or of the pooled folds.
        gap: mean difference, first minus second.
        of_gap: outcomes for the difference.
        of_mean: outcomes for the first method's mean.
    """

    mean: float
    gap: float
    of_gap: tuple[Outcome, ...]
    of_mean: tuple[Outcome, ...]


def run_pair(
    cohort: Cohort, splits: Sequence[Split], fit: Fit, *, seed: int, resamples: int = 0
) -> Pair:
    """Fit both methods on every split and apply every procedure to their AUC.

    Args:
        cohort: the slides; ``fit`` knows them by their places.
        splits: folds or draws of it.
        fit: of both methods.
        seed: of the bootstrap.
        resamples: of the bootstrap; 0 leaves it out.
    """
    both, design = _cases(cohort, splits, fit), split_design(cohort, splits)
    weights = leave_one_out_weights(len(cohort.patients))
    ours, other = (weighted_scores(cases, weights, "auc") for cases in both)
    gaps = ours[:, 0] - other[:, 0]
    found = paired_difference(ours, other, design)
    outcomes = [*_textbook(gaps), _training_patients_t(gaps, design)]
    for name, result in (
        ("corrected resampled t", found.corrected),
        ("patient jackknife", found.jackknife),
    ):
        if result is not None:
            outcomes.append(Outcome(name, result.p, result.low, result.high))
    mean = _pooled_auc(both[0]) if design.is_folds else float(ours[:, 0].mean())
    means = _of_mean(both[0], ours, design, seed=seed, resamples=resamples)
    return Pair(mean, float(gaps.mean()), tuple(outcomes), tuple(means))


def mean_gap(cohort: Cohort, splits: Sequence[Split], fit: Fit) -> tuple[float, float]:
    """Score of the first method as in ``Pair``, and mean difference, without any test."""
    ones = np.ones((1, len(cohort.patients)))
    both = _cases(cohort, splits, fit)
    ours, other = (weighted_scores(cases, ones, "auc") for cases in both)
    is_folds = split_design(cohort, splits).is_folds
    mean = _pooled_auc(both[0]) if is_folds and len(splits) > 1 else float(ours.mean())
    return mean, float((ours - other).mean())


def split_design(cohort: Cohort, splits: Sequence[Split]) -> Design:
    """Which patients each split trains on and tests."""
    place, patient = _places(cohort)

    def members(parts: Iterable[Sequence[str]]) -> NDArray[np.bool_]:
        found = np.zeros(len(cohort.patients), dtype=bool)
        found[[patient[place[slide]] for slides in parts for slide in slides]] = True
        return found

    return Design(
        np.stack([members([s.training, s.validation]) for s in splits]),
        np.stack([members([s.test]) for s in splits]),
    )


def _places(cohort: Cohort) -> tuple[dict[str, int], NDArray[np.int64]]:
    of_patient = {name: i for i, name in enumerate(cohort.patients)}
    place = {item.slide: i for i, item in enumerate(cohort.slides)}
    return place, np.array([of_patient[item.patient] for item in cohort.slides])


def _cases(cohort: Cohort, splits: Sequence[Split], fit: Fit) -> tuple[list[Cases], list[Cases]]:
    place, patient = _places(cohort)
    labels = np.array([cohort.label_index(item) for item in cohort.slides])
    both: tuple[list[Cases], list[Cases]] = ([], [])
    for split in splits:
        train, test = (np.array([place[s] for s in part]) for part in (split.training, split.test))
        for method, cases in enumerate(both):
            scores = fit(method, train, test)
            cases.append(Cases(labels[test], np.stack([-scores, scores], 1), patient[test]))
    return both


def _textbook(gaps: Array) -> Iterator[Outcome]:
    """What is usually done, as if the splits were independent."""
    from scipy import stats

    if np.ptp(gaps) == 0:
        same = float(gaps[0])
        yield Outcome("plain paired t", float(same == 0), same, same)
        yield Outcome("Wilcoxon", float(same == 0))
        return
    mean, error = gaps.mean(), gaps.std(ddof=1) / np.sqrt(len(gaps))
    reach = stats.t.ppf(0.975, len(gaps) - 1) * error
    p = 2 * stats.t.sf(abs(mean / error), len(gaps) - 1)
    yield Outcome("plain paired t", float(p), float(mean - reach), float(mean + reach))
    yield Outcome("Wilcoxon", float(np.asarray(stats.wilcoxon(gaps.round(12)))[1]))


def _training_patients_t(gaps: Array, design: Design) -> Outcome:
    n_train, n_test = (float(part.sum(axis=1).mean()) for part in (design.trained, design.tested))
    found = corrected_resampled_t(gaps, n_train, n_test)
    return Outcome("corrected t, patients trained on", found.p, found.low, found.high)


def _of_mean(
    cases: Sequence[Cases], scores: Array, design: Design, *, seed: int, resamples: int
) -> Iterator[Outcome]:
    if not design.is_folds:
        found = patient_jackknife(scores, design.trained)
        if found is not None:
            yield Outcome("patient jackknife, logit", np.nan, *share_interval(found))
    if resamples and not design.is_folds:
        interval = nested_bootstrap_interval(
            cases, design.tested.shape[1], seed=seed, resamples=resamples
        )
        yield Outcome("bootstrap, draws and patients", np.nan, interval.low, interval.high)
    if resamples and design.is_folds:
        names = [str(name) for c in cases for name in c.patient]
        interval = bootstrap_interval(*_pooled(cases), names, seed=seed, resamples=resamples)
        yield Outcome("bootstrap, patients, pooled", np.nan, interval.low, interval.high)


def _pooled(cases: Sequence[Cases]) -> tuple[NDArray[np.int64], Array]:
    return np.concatenate([c.labels for c in cases]), np.concatenate(
        [c.probabilities for c in cases]
    )


def _pooled_auc(cases: Sequence[Cases]) -> float:
    labels, probabilities = _pooled(cases)
    return float(area_under_roc(labels, probabilities, np.ones((1, len(labels))))[0])
