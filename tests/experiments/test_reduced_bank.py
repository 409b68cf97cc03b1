"""Mean, deviation and axes are those of the training images, at every level."""

import numpy as np
import pytest

from monai_ext.data.mosaic_bank import MosaicBank
from monai_ext.experiments.reduced_bank import reduce_bank

TRAINING, TEST = [0, 2, 3, 5], [1, 4]


def bank_of(*features):
    count = len(features[0])
    shapes = [(1, level.shape[1]) for level in features]
    glands = [np.zeros(level.shape[:2], np.float32) for level in features]
    names = [str(k) for k in range(count)]
    return MosaicBank(names, names, [k % 2 for k in range(count)], list(features), glands, shapes)


@pytest.fixture
def bank(np_rng) -> MosaicBank:
    """Six images, eight and two tiles, five features of different sizes."""
    sizes = np.array([1.0, 5.0, 0.2, 3.0, 10.0])
    levels = [np_rng.normal(size=(6, n, 5)) @ np_rng.normal(size=(5, 5)) * sizes for n in (8, 2)]
    return bank_of(*(level.astype(np.float32) for level in levels))


def test_a_changed_test_image_changes_nothing_of_the_training_images(bank):
    changed = [level.copy() for level in bank.features]
    for level in changed:
        level[TEST] = 50 - 3 * level[TEST]
    one, other = (reduce_bank(b, TRAINING, 3) for b in (bank, bank_of(*changed)))
    for before, after in zip(one.features, other.features, strict=True):
        np.testing.assert_array_equal(before[TRAINING], after[TRAINING])
        assert np.abs(before[TEST] - after[TEST]).min() > 0


def test_test_images_go_through_the_map_of_the_training_images(bank):
    """With one feature that map is (x - mean) / deviation, up to the sign of the axis."""
    narrow = bank_of(*(level[..., :1] for level in bank.features))
    reduced = reduce_bank(narrow, TRAINING, 1)
    for level, found in zip(narrow.features, reduced.features, strict=True):
        expected = (level - level[TRAINING].mean()) / level[TRAINING].std()
        np.testing.assert_allclose(np.abs(found), np.abs(expected), rtol=1e-4, atol=1e-5)


def test_features_that_say_the_same_become_one_number(np_rng):
    """x and -2 x + 3 have one axis; its variance, 2, is scaled to 1."""
    x = np_rng.normal(size=(6, 40, 1))
    x = (x - x.mean()) / x.std()
    bank = bank_of(np.concatenate([x, 3 - 2 * x], axis=-1).astype(np.float32))
    found = reduce_bank(bank, range(6), 1).features[0]
    np.testing.assert_allclose(np.abs(found), np.abs(x), rtol=1e-4, atol=1e-5)


def test_largest_components_are_kept_and_of_mean_variance_one(bank):
    reduced = reduce_bank(bank, TRAINING, 3)
    for level, found in zip(bank.features, reduced.features, strict=True):
        x = level[TRAINING].reshape(-1, 5)
        expected = np.linalg.eigvalsh(np.corrcoef(x.T))[-3:]
        covariance = np.cov(found[TRAINING].reshape(-1, 3).T, bias=True)
        variances = np.linalg.eigvalsh(covariance)
        np.testing.assert_allclose(variances, expected / expected.mean(), rtol=1e-3)
        assert np.trace(covariance) / 3 == pytest.approx(1, rel=1e-4)


def test_components_are_mixed_by_a_rotation(np_rng):
    """Ten features of which one axis holds nearly all: most coordinates have a share of it."""
    x = np_rng.normal(size=(6, 40, 1)) + 0.01 * np_rng.normal(size=(6, 40, 10))
    found = reduce_bank(bank_of(x.astype(np.float32)), range(6), 10).features[0].reshape(-1, 10)
    spread = found.std(0)
    assert (spread > 0.05 * spread.max()).sum() >= 7
    largest = np.linalg.eigvalsh(np.cov(found.T, bias=True))
    assert largest[-1] / largest[0] > 1e3


def test_a_feature_that_never_changes_gives_no_nan(bank):
    bank.features[0][..., 2] = 7.0
    assert np.isfinite(reduce_bank(bank, TRAINING, 5).features[0]).all()


def test_all_but_the_features_stays(bank):
    reduced = reduce_bank(bank, TRAINING, 2)
    assert (reduced.labels, reduced.patients, reduced.shapes) == (
        bank.labels,
        bank.patients,
        bank.shapes,
    )
    assert reduced.features[0].dtype == np.float32
