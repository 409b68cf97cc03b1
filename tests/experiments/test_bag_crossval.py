"""Every bag is scored by a model that has not seen it, nor its statistics."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from monai_ext.errors import SettingError
from monai_ext.experiments import bag_crossval
from monai_ext.experiments.bag_crossval import (
    cross_validate_bags,
    cross_validate_pooled,
    has_grid,
    read_benchmark,
)
from monai_ext.experiments.bag_methods import BagMethod
from monai_ext.experiments.fit_bags import FitSettings
from monai_ext.networks.nets.mean_pool import MeanPoolMIL
from monai_ext.ops.bag_layout import pack_bag
from monai_ext.testing.shared_data import shared_data_path

FIT = FitSettings(epochs=20, learning_rate=1e-2, weight_decay=0.0, batch_size=4)
METHOD = BagMethod(lambda shape: MeanPoolMIL(shape.width, 2, levels=shape.levels))


@pytest.fixture
def data(rng):
    labels = torch.arange(24) % 2
    bags = []
    for number, label in enumerate(labels):
        length = 3 + number % 4
        zero, place = torch.zeros(length, dtype=torch.long), torch.arange(length)
        features = 100 + torch.randn(length, 3, generator=rng) + 2 * label
        bags.append(pack_bag(features, zero, zero, place))
    return bags, labels


def test_easy_bags_are_told_apart(data):
    found = cross_validate_bags(METHOD, *data, folds=4, fit=FIT, seed=0)
    assert found.pooled_auc > 0.95
    assert found.mean_auc > 0.95
    assert found.pooled_auc == pytest.approx(roc_auc_score(data[1], found.scores))


def test_folds_are_stratified_and_the_mean_is_theirs(data):
    labels = torch.arange(24) // 2 % 2  # not those that the features tell
    found = cross_validate_bags(METHOD, data[0], labels, folds=4, fit=FIT, seed=3)
    cut = StratifiedKFold(4, shuffle=True, random_state=3)
    parts = [test for _, test in cut.split(labels, labels)]
    assert [int(labels[test].sum()) for test in parts] == [3] * 4
    aucs = [roc_auc_score(labels[test], found.scores[test]) for test in parts]
    assert found.mean_auc == pytest.approx(np.mean(aucs))
    assert min(aucs) < max(aucs)


def test_test_bags_are_in_no_training_part(data, monkeypatch):
    """The networks see numbers that mark each bag, and record whom they were trained on."""
    bags, labels = data
    seen = []

    def record(method, shape, padded, own, fit, seed):
        seen.append(set(padded[:, 4, 0].tolist()))
        network = MeanPoolMIL(shape.width, 2, levels=[0])
        network.own = seen[-1]
        return network

    def score(network, padded, size):
        assert not network.own & set(padded[:, 4, 0].tolist())
        return torch.zeros(len(padded))

    monkeypatch.setattr(bag_crossval, "trained", record)
    monkeypatch.setattr(bag_crossval, "score_bags", score)
    found = cross_validate_bags(METHOD, bags, labels, folds=4, fit=FIT, seed=0)
    assert [len(own) for own in seen] == [18] * 4
    assert found.pooled_auc == 0.5


def test_statistics_are_those_of_the_training_part(data):
    """Features far from 0 are learnt only if standardised; a test bag's own change nothing."""
    bags, labels = data
    plain = cross_validate_bags(METHOD, bags, labels, folds=4, fit=FIT, seed=0)
    cut = StratifiedKFold(4, shuffle=True, random_state=0)
    first = next(test for _, test in cut.split(labels, labels))
    moved = [bag.clone() for bag in bags]
    moved[first[0]][4:] += 1e4
    other = cross_validate_bags(METHOD, moved, labels, folds=4, fit=FIT, seed=0)
    same = first[1:]
    torch.testing.assert_close(plain.scores[same], other.scores[same], rtol=0, atol=0)
    assert plain.scores[first[0]] != other.scores[first[0]]


def test_pooled_baseline_is_mean_min_max(data):
    bags, labels = data
    found = cross_validate_pooled(bags, labels, folds=4, penalty=0.5, seed=1)
    table = np.stack(
        [np.concatenate([f(x[4:].numpy().astype(float), 1) for f in (np.mean, np.min, np.max)])
         for x in bags]
    )  # fmt: skip
    train, test = next(
        StratifiedKFold(4, shuffle=True, random_state=1).split(table, labels.numpy())
    )
    mean, std = table[train].mean(0), table[train].std(0)
    model = LogisticRegression(C=0.5, max_iter=5000)
    model.fit((table[train] - mean) / std, labels.numpy()[train])
    expected = model.predict_proba((table[test] - mean) / std)[:, 1]
    np.testing.assert_allclose(found.scores[test].numpy(), expected, rtol=1e-4)


def test_too_many_folds_are_refused(data):
    with pytest.raises(SettingError, match="folds=13, a class has 12 bags"):
        cross_validate_bags(METHOD, *data, folds=13, fit=FIT, seed=0)


def test_benchmark_is_read(tmp_path):
    path = tmp_path / "some.npz"
    np.savez(
        path,
        instances=np.arange(12, dtype=np.float32).reshape(6, 2),
        bag_index=np.array([0, 1, 0, 1, 1, 1], dtype=np.int32),
        bag_labels=np.array([1, 0], dtype=np.int8),
    )
    bags, labels = read_benchmark(path)
    assert [bag.shape[1] for bag in bags] == [2, 4]
    assert bags[1][4:].mT.tolist() == [[2, 3], [6, 7], [8, 9], [10, 11]]
    assert labels.tolist() == [1, 0]
    assert (bags[0][3] == -1).all()


def test_grid_needs_every_patch(data):
    full = [pack_bag(torch.zeros(49, 1), *torch.zeros(3, 49).long())] * 2
    assert has_grid(full)
    assert not has_grid([*full, data[0][0]])


def test_ucsb_has_no_places():
    path = shared_data_path("mil-benchmarks/ucsb_breast_cancer.npz")
    bags, labels = read_benchmark(path)
    assert (len(bags), int(labels.sum()), bags[0].shape[0] - 4) == (58, 26, 708)
    assert not has_grid(bags)
