"""Halves are disjoint, and each is the baseline on its channels."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from monai_ext.data.mosaic_bank import MosaicBank
from monai_ext.experiments.channel_halves import ChannelHalves, bank_cohort


def _data():
    rng = np.random.default_rng(0)
    labels = np.arange(20) % 2
    return rng.normal(size=(20, 9)) + 0.5 * labels[:, None], labels


def test_halves_are_disjoint_random_and_of_equal_size():
    features = np.arange(9.0)[None].repeat(20, axis=0)
    made = [ChannelHalves(features, _data()[1], 1.0, np.random.default_rng(s)) for s in (0, 0, 1)]
    each = [tuple(map(tuple, (half[0] for half in one.halves))) for one in made]
    assert each[0] == each[1] != each[2]
    assert [len(half) for half in each[0]] == [4, 4]
    assert len(set(each[0][0]) | set(each[0][1])) == 8


def test_scores_are_the_baselines():
    features, labels = _data()
    methods = ChannelHalves(features, labels, 0.01, np.random.default_rng(0))
    train, test = np.arange(12), np.arange(12, 20)
    for k in (0, 1):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=5000))
        model.fit(methods.halves[k][train], labels[train])
        expected = model.decision_function(methods.halves[k][test])
        np.testing.assert_allclose(methods(k, train, test), expected, atol=1e-6)


def test_channel_without_spread_is_harmless():
    features, labels = _data()
    features[:12] = 1.0
    methods = ChannelHalves(features, labels, 0.01, np.random.default_rng(0))
    assert np.isfinite(methods(0, np.arange(12), np.arange(12, 20))).all()


def test_bank_becomes_a_cohort_with_mean_features():
    tiles = np.random.default_rng(0).normal(size=(3, 6, 4)).astype(np.float32)
    bank = MosaicBank(
        names=["x", "y", "z"],
        patients=["1", "1", "2"],
        labels=[1, 0, 1],
        features=[tiles],
        glands=[np.zeros((3, 6), np.float32)],
        shapes=[(2, 3)],
    )
    cohort, means = bank_cohort(bank, ("benign", "malignant"))
    assert [(i.slide, i.patient, i.label) for i in cohort.slides] == [
        ("x", "1", "malignant"),
        ("y", "1", "benign"),
        ("z", "2", "malignant"),
    ]
    np.testing.assert_allclose(means, tiles.mean(axis=1), rtol=1e-5)
