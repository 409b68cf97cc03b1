"""The patient jackknife: a second computation, cases whose variance is known, coverage."""

import numpy as np
import pytest
from scipy import stats

from monai_ext.errors import SettingError
from monai_ext.experiments.patient_jackknife import JackknifeT, patient_jackknife, share_interval


def _random(seed, draws=12, patients=10, train=4):
    """Scores with a column a patient; a patient that is not tested changes nothing."""
    rng = np.random.default_rng(seed)
    trained = np.zeros((draws, patients), bool)
    scores = np.empty((draws, patients + 1))
    for j in range(draws):
        trained[j, rng.permutation(patients)[:train]] = True
        scores[j, 0] = rng.normal(0.1, 0.2)
        moved = scores[j, 0] + 0.1 * rng.normal(size=patients)
        scores[j, 1:] = np.where(trained[j], scores[j, 0], moved)
    return scores, trained


def _by_hand(scores, trained):
    """The formula with loops."""
    draws, patients = len(trained), len(trained[0])
    whole = [row[0] for row in scores]
    mean = sum(whole) / draws
    few = sum((d - mean) ** 2 for d in whole) / (draws - 1) / draws
    terms, tested = [], []
    for i in range(patients):
        out = [j for j in range(draws) if not trained[j][i]]
        without = sum(scores[j][1 + i] for j in out) / len(out)
        share = len(out) / draws
        residuals = [
            whole[j] - mean - ((scores[j][1 + i] - without) / share if j in out else 0.0)
            for j in range(draws)
        ]
        noise = sum(r * r for r in residuals) / (draws * (draws - 1))
        terms.append((patients - 1) / patients * ((mean - without) ** 2 - noise))
        gap = sum(whole[j] - scores[j][1 + i] for j in range(draws)) / draws
        tested.append((patients - 1) / patients * gap**2)
    chosen = terms if sum(terms) > sum(tested) else tested
    variance = few + sum(chosen)
    spread = np.var(chosen, ddof=1) * patients
    df = 2 * variance**2 / (2 * few**2 / (draws - 1) + spread)
    return mean, variance, min(max(df, 3), patients - 2)


@pytest.mark.parametrize("seed", range(6))
def test_result_follows_the_formula(seed):
    scores, trained = _random(seed)
    mean, variance, df = _by_hand(scores.tolist(), trained.tolist())
    found = patient_jackknife(scores, trained)
    np.testing.assert_allclose(
        [found.mean, found.error, found.df], [mean, variance**0.5, df], rtol=1e-10
    )
    reach = stats.t.ppf(0.975, df) * variance**0.5
    np.testing.assert_allclose([found.low, found.high], [mean - reach, mean + reach], rtol=1e-10)
    np.testing.assert_allclose(found.p, 2 * stats.t.sf(abs(mean) / variance**0.5, df), rtol=1e-9)


def test_degrees_of_freedom_end_at_the_patients():
    """All patients move the mean alike, in draws without noise: the terms have no spread."""
    whole = np.full((6, 1), 0.5) + 1e-3 * np.arange(6)[:, None]
    found = patient_jackknife(
        np.hstack([whole, np.repeat(whole - 0.1, 10, axis=1)]), np.zeros((6, 10))
    )
    assert found.df == 8


def test_both_sides_of_the_floor_occur():
    """Else a fault in one of them would go unseen above."""
    sides = set()
    for seed in range(6):
        scores, trained = _random(seed)
        s = scores[:, :1]
        tested = 0.9 * ((s - scores[:, 1:]).mean(axis=0) ** 2).sum() + s.var(ddof=1) / len(s)
        sides.add(bool(patient_jackknife(scores, trained).error ** 2 > tested * (1 + 1e-9)))
    assert sides == {True, False}


def _subsets(x, draws, size, rng):
    return np.stack([rng.permutation(len(x))[:size] for _ in range(draws)])


def test_mean_over_training_patients_has_the_variance_of_a_mean():
    """A draw scores the mean of its 4 of 12 training patients: the mean's variance is s2/N."""
    rng = np.random.default_rng(0)
    x, draws = rng.normal(size=12), 20_000
    chosen = _subsets(x, draws, 4, rng)
    trained = np.zeros((draws, 12), bool)
    np.put_along_axis(trained, chosen, True, axis=1)
    scores = np.repeat(x[chosen].mean(axis=1)[:, None], 13, axis=1)
    found = patient_jackknife(scores, trained)
    np.testing.assert_allclose(found.error**2, x.var(ddof=1) / 12, rtol=0.1)


def test_mean_over_test_patients_has_the_variance_of_a_mean():
    """Half are tested in each draw, none is trained on; without i the mean is of the others."""
    rng = np.random.default_rng(1)
    x, draws = rng.normal(size=12), 20_000
    tested = np.zeros((draws, 12), bool)
    np.put_along_axis(tested, _subsets(x, draws, 6, rng), True, axis=1)
    whole = (tested * x).sum(axis=1) / 6
    without = np.where(tested, (6 * whole[:, None] - x) / 5, whole[:, None])
    found = patient_jackknife(np.column_stack([whole, without]), np.zeros((draws, 12), bool))
    np.testing.assert_allclose(found.error**2, x.var(ddof=1) / 12, rtol=0.25)


def test_few_draws_do_not_pass_for_differences_of_patients():
    """Scores that are pure noise of the draw: uncorrected, V is 9.6 times s2/J on average.

    Corrected it would be once s2/J, were it not kept above that in every single case.
    """
    ratios = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        trained = np.zeros((15, 12), bool)
        np.put_along_axis(trained, _subsets(np.zeros(12), 15, 5, rng), True, axis=1)
        noise = rng.normal(size=15)
        found = patient_jackknife(np.repeat(noise[:, None], 13, axis=1), trained)
        ratios.append(found.error**2 / (noise.var(ddof=1) / 15))
    assert np.min(ratios) >= 1 - 1e-9
    assert np.median(ratios) < 2
    assert np.mean(ratios) < 4


def test_undefined_without_a_patient_counts_as_not_left_out():
    scores, trained = _random(0)
    scores[3, 5] = np.nan
    other = trained.copy()
    other[3, 4] = True
    expected = scores.copy()
    expected[3, 5] = scores[3, 0]
    assert patient_jackknife(scores, trained) == patient_jackknife(expected, other)


def test_equal_methods_differ_by_nothing_and_constant_ones_by_a_point():
    trained = _random(0)[1]
    none = patient_jackknife(np.zeros((12, 11)), trained)
    assert (none.mean, none.low, none.high, none.t, none.p) == (0.0, 0.0, 0.0, 0.0, 1.0)
    same = patient_jackknife(np.full((12, 11), 0.25), trained)
    assert (same.low, same.high, same.t, same.p) == (0.25, 0.25, np.inf, 0.0)


def test_it_cannot_be_had_with_few_patients_or_one_always_trained_on():
    scores, trained = _random(0, patients=7, train=3)
    assert patient_jackknife(scores, trained) is None
    scores, trained = _random(0)
    assert patient_jackknife(scores, trained) is not None
    trained[:, 2] = True
    assert patient_jackknife(scores, trained) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s, t: (s[:, 1:], t), r"scores of shape \(12, 10\) with trained of shape \(12, 10"),
        (lambda s, t: (s[:1], t[:1]), r"scores of shape \(1, 11\)"),
        (lambda s, t: (np.where(np.arange(12)[:, None] == 4, np.nan, s), t), r"draws \[4\] have"),
    ],
)
def test_bad_input_is_refused(change, message):
    with pytest.raises(SettingError, match=message):
        patient_jackknife(*change(*_random(0)))


def _of(mean, reach):
    return JackknifeT(mean, mean - reach, mean + reach, 0.0, 0.0, 9.0, 0.1, 5)


def test_share_interval_is_the_plain_one_on_the_logit_scale():
    low, high = share_interval(_of(0.9, 0.09))
    np.testing.assert_allclose(
        np.log([low / (1 - low), high / (1 - high)]), [np.log(9) - 1, np.log(9) + 1]
    )
    assert 0.9 - low > high - 0.9
    assert share_interval(_of(1.0, 0.2)) == (0.8, 1.0)
    np.testing.assert_allclose(share_interval(_of(0.5, 1e-4)), [0.4999, 0.5001], rtol=1e-6)
