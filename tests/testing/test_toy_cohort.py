"""The toy cohort is what other tests take it for: a signal in one quarter, patients kept apart."""

import numpy as np
import pytest

from monai_ext.data import load_datalist, read_cohort, read_features
from monai_ext.testing.toy_cohort import write_toy_cohort, write_toy_features

LEVELS = ["20x_256px_0px_overlap", "10x_256px_0px_overlap", "5x_256px_0px_overlap"]


def read_levels(root, slide):
    return [read_features(root / level / "features_toy" / f"{slide}.h5") for level in LEVELS]


def test_signal_is_in_the_upper_left_quarter_of_every_level(tmp_path):
    for name, signal in (("with", 4.0), ("without", 0.0)):
        write_toy_features(tmp_path, name, signal=signal, seed=1, side=16)
    for level, (one, two) in enumerate(
        zip(read_levels(tmp_path, "with"), read_levels(tmp_path, "without"), strict=True)
    ):
        gap = one.features - two.features
        half = 16 * 256 // 2
        is_inside = (one.coords < half).all(axis=1)
        assert is_inside.mean() == 0.25
        np.testing.assert_allclose(gap[:, 0], 4.0 * is_inside, atol=1e-5)
        assert np.abs(gap[:, 1:]).max() == 0, level


def test_levels_halve_in_number_width_and_place(tmp_path):
    write_toy_features(tmp_path, "a", signal=0, seed=0)
    found = read_levels(tmp_path, "a")
    assert [level.features.shape for level in found] == [(64, 6), (16, 5), (4, 4)]
    for level, step in zip(found, (256, 512, 1024), strict=True):
        places = np.unique(level.coords // step, axis=0)
        assert len(places) == len(level.coords)
        assert (level.coords % step == 0).all()
        assert places.max() == 2048 // step - 1
    assert [level.mpp for level in found] == [0.5, 1.0, 2.0]


def test_equal_seeds_give_equal_files_and_others_do_not(tmp_path):
    for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
        write_toy_cohort(tmp_path / folder, patients=6, seed=seed)
    one, two, three = (read_levels(tmp_path / f / "features", "slide4a")[0] for f in "abc")
    np.testing.assert_array_equal(one.features, two.features)
    assert np.abs(one.features - three.features).min() > 0


def test_no_two_slides_share_their_noise(tmp_path):
    write_toy_cohort(tmp_path, signal=0)
    names = [path.stem for path in (tmp_path / "features" / LEVELS[0]).rglob("*.h5")]
    firsts = {float(read_levels(tmp_path / "features", name)[0].features[0, 0]) for name in names}
    assert len(firsts) == len(names) == 16


def test_patients_alternate_and_every_third_has_two_slides(tmp_path):
    write_toy_cohort(tmp_path)
    slides = read_cohort(tmp_path / "cohort.csv").slides
    assert [item.slide for item in slides if item.patient == "patient3"] == ["slide3a", "slide3b"]
    assert [item.slide for item in slides if item.patient == "patient4"] == ["slide4a"]
    for item in slides:
        assert item.label == ("negative", "positive")[int(item.patient.removeprefix("patient")) % 2]


def test_only_positive_slides_have_the_signal(tmp_path):
    write_toy_cohort(tmp_path, signal=50.0)
    for item in read_cohort(tmp_path / "cohort.csv").slides:
        largest = read_levels(tmp_path / "features", item.slide)[0].features.max()
        assert (largest > 25) == (item.label == "positive")


@pytest.mark.parametrize("folds", [2, 3])
def test_folds_test_every_slide_once_and_keep_patients_together(tmp_path, folds):
    paths = write_toy_cohort(tmp_path, folds=folds)
    assert [path.name for path in paths] == [f"fold{k}.json" for k in range(folds)]
    tested = []
    for path in paths:
        split = load_datalist(path)
        parts = [
            {item["patient"] for item in part}
            for part in (split.training, split.validation, split.test)
        ]
        assert sum(map(len, parts)) == len(set.union(*parts)) == 12
        tested += [item["slide"] for item in split.test]
    assert sorted(tested) == sorted(
        item.slide for item in read_cohort(tmp_path / "cohort.csv").slides
    )
