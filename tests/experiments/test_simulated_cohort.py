"""Simulated cohorts follow their recipe; the ridge is scikit-learn's."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from monai_ext.experiments.simulated_cohort import CohortRecipe, ridge_scores, simulate_cohort


def test_cohort_and_features_belong_together():
    made = simulate_cohort(CohortRecipe(6, 3, (1.0, 2.0), width=4), np.random.default_rng(0))
    assert made.blocks.shape == (2, 18, 4)
    labels = [made.cohort.label_index(item) for item in made.cohort.slides]
    np.testing.assert_array_equal(made.labels, labels)
    assert len(made.cohort.patients) == 6
    assert labels[:6] == [0, 0, 0, 1, 1, 1]


def test_moments_are_those_of_the_recipe():
    """Along u: mean delta (2y - 1), variance sigma2 + 2, all but 1 of it shared in a patient."""
    recipe = CohortRecipe(4000, 2, (1.0, 0.4), width=9, shared=0.5)
    made = simulate_cohort(recipe, np.random.default_rng(0))
    along = made.blocks.sum(axis=2) / 3
    for block, effect in zip(along, recipe.effects, strict=True):
        means = [block[made.labels == label].mean() for label in (0, 1)]
        np.testing.assert_allclose(means, [-effect, effect], atol=0.06)
    rest = along - np.where(made.labels, 1, -1) * np.array(recipe.effects)[:, None]
    np.testing.assert_allclose(rest.var(axis=1), 2.25, rtol=0.06)
    pairs = rest[0].reshape(-1, 2)
    np.testing.assert_allclose((pairs[:, 0] * pairs[:, 1]).mean(), 1.25, atol=0.1)
    np.testing.assert_allclose((rest[0] * rest[1]).mean(), 0.25, atol=0.06)


def test_blocks_of_equal_effect_are_exchangeable():
    gaps = []
    for seed in range(300):
        made = simulate_cohort(CohortRecipe(20, 1, (1.0, 1.0)), np.random.default_rng(seed))
        along = made.blocks.sum(axis=2) * np.where(made.labels, 1, -1)
        gaps.append(along[0].mean() - along[1].mean())
    assert abs(np.mean(gaps)) < 3.5 * np.std(gaps) / np.sqrt(300)


@pytest.mark.parametrize("shape", [(6, 20), (30, 5)])
def test_ridge_is_scikit_learns(shape):
    rng = np.random.default_rng(0)
    train, test = rng.normal(size=shape), rng.normal(size=(7, shape[1]))
    labels = np.arange(shape[0]) % 2
    labels[0] = 1
    scaler = StandardScaler().fit(train)
    model = Ridge(alpha=3.0).fit(scaler.transform(train), 2 * labels - 1)
    expected = model.predict(scaler.transform(test)) - model.intercept_
    np.testing.assert_allclose(ridge_scores(train, labels, test, 3.0), expected, rtol=1e-6)
