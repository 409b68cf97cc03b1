"""Mean pooling and logistic regression on a toy cohort."""

import dataclasses

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from monai_ext.data import load_datalist, read_features
from monai_ext.errors import CohortError, SettingError
from monai_ext.experiments.baseline import mean_pool_logistic
from monai_ext.experiments.metrics import classification_metrics
from monai_ext.outputs.predictions import prediction_table
from monai_ext.testing.toy_cohort import write_toy_cohort, write_toy_features


@pytest.fixture(scope="module")
def datalist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    return load_datalist(write_toy_cohort(folder, signal=4.0, patients=18)[0])


def _table(datalist, **kwargs):
    return prediction_table(mean_pool_logistic(datalist, **kwargs), datalist.class_names)


def _by_hand(datalist, c, *, pools):
    """Dense second way: level by level, standardised with the training part's own moments."""

    def row(item):
        levels = [read_features(path).features.astype(float) for path in item["image"]]
        return np.concatenate([pool(level) for level in levels for pool in pools])

    train = np.stack([row(item) for item in datalist.training])
    items = sorted(datalist.test, key=lambda item: item["slide"])
    test = np.stack([row(item) for item in items])
    centre, scale = train.mean(axis=0), train.std(axis=0)
    model = LogisticRegression(C=c, max_iter=5000)
    model.fit((train - centre) / scale, [item["label"] for item in datalist.training])
    return model.predict_proba((test - centre) / scale)


def _mean(level):
    return level.mean(axis=0)


def _max(level):
    return level.max(axis=0)


@pytest.mark.parametrize(("pooling", "pools"), [("mean", [_mean]), ("mean_max", [_mean, _max])])
def test_probabilities_agree_with_a_second_way(datalist, pooling, pools):
    table = _table(datalist, c=0.1, pooling=pooling)
    expected = _by_hand(datalist, 0.1, pools=pools)
    np.testing.assert_allclose(table.probabilities(), expected, atol=1e-5)


def test_signal_is_found_and_rows_carry_patient_and_label(datalist):
    table = _table(datalist, c=0.1)
    assert classification_metrics(table.labels(), table.probabilities())["auc"] == 1.0
    known = {item["slide"]: item for item in datalist.test}
    assert {row.slide for row in table.rows} == set(known)
    for row in table.rows:
        assert row.patient == known[row.slide]["patient"]
        assert row.label == datalist.class_names[known[row.slide]["label"]]


def test_validation_and_test_parts_do_not_train(datalist):
    flipped = [{**item, "label": 1 - item["label"]} for item in datalist.validation]
    other = dataclasses.replace(datalist, validation=flipped)
    np.testing.assert_array_equal(
        _table(other, c=0.1).probabilities(), _table(datalist, c=0.1).probabilities()
    )
    alone = dataclasses.replace(datalist, test=datalist.test[:1])
    mine = next(r for r in _table(datalist, c=0.1).rows if r.slide == datalist.test[0]["slide"])
    np.testing.assert_allclose(_table(alone, c=0.1).probabilities()[0], mine.probabilities)


def test_other_part_can_be_predicted(datalist):
    table = _table(datalist, c=0.1, part="validation")
    assert {row.slide for row in table.rows} == {item["slide"] for item in datalist.validation}


def test_strong_ridge_pulls_towards_the_class_share(datalist):
    share = np.mean([item["label"] for item in datalist.training])
    p = _table(datalist, c=1e-9).probabilities()[:, 1]
    np.testing.assert_allclose(p, share, atol=1e-3)


def test_class_absent_from_training_has_probability_zero(datalist):
    three = dataclasses.replace(datalist, class_names=[*datalist.class_names, "rare"])
    p = _table(three, c=0.1).probabilities()
    assert (p[:, 2] == 0).all()
    np.testing.assert_allclose(p[:, :2], _table(datalist, c=0.1).probabilities())


@pytest.mark.parametrize("part", ["test", "training"])
def test_level_without_tiles_counts_as_the_training_mean(datalist, tmp_path, part):
    write_toy_features(tmp_path, "empty", signal=9.0, seed=0)
    files = sorted(tmp_path.rglob("*.h5"), key=lambda path: -float(path.parts[-3].split("x")[0]))
    item = {**datalist.part(part)[0], "slide": "empty", "image": [str(path) for path in files]}
    others = datalist.training[part == "training" :]
    parts = {"test": [item]} if part == "test" else {"training": [item, *others]}
    changed = dataclasses.replace(datalist, **parts)
    _without_tiles(files[1])
    without = _table(changed, c=0.1).probabilities()
    means = [read_features(each["image"][1]).features.mean(axis=0) for each in others]
    _with_one_tile(files[1], np.mean(means, axis=0))
    np.testing.assert_allclose(without, _by_hand(changed, 0.1, pools=[_mean]), atol=1e-5)


def _without_tiles(path):
    import h5py

    with h5py.File(path, "r+") as file:
        for name, width in (("features", file["features"].shape[1]), ("coords", 2)):
            _replace(file, name, np.zeros((0, width), file[name].dtype))


def _with_one_tile(path, features):
    import h5py

    with h5py.File(path, "r+") as file:
        _replace(file, "features", features[None].astype(np.float32))
        _replace(file, "coords", np.zeros((1, 2), file["coords"].dtype))


def _replace(file, name, value):
    attrs = dict(file[name].attrs)
    del file[name]
    file.create_dataset(name, data=value).attrs.update(attrs)


@pytest.mark.parametrize(
    ("change", "settings", "error", "message"),
    [
        ({}, {"c": 0.0}, SettingError, r"c=0.0.*c above 0"),
        ({}, {"c": 1.0, "pooling": "sum"}, SettingError, r"pooling='sum'.*mean or mean_max"),
        ({"test": []}, {"c": 1.0}, CohortError, r"0 test slides"),
        ({"training": []}, {"c": 1.0}, CohortError, r"0 training.*at least two classes"),
    ],
)
def test_what_cannot_be_fitted_is_refused(datalist, change, settings, error, message):
    with pytest.raises(error, match=message):
        mean_pool_logistic(dataclasses.replace(datalist, **change), **settings)
