from collections import Counter

import numpy as np
import pytest

from monai_ext.data import few_shot_splits
from monai_ext.errors import CohortError
from tests.data.feature_files import cohort_of, even_cohort

HOW = {"shots": [1, 2, 4], "draws": 20, "train_patients": 8, "seed": 0}


def _by_name(splits):
    return {split.name: split for split in splits}


def test_every_class_has_k_slides():
    cohort = even_cohort(40, 2)
    labels = {one.slide: one.label for one in cohort.slides}
    for split in few_shot_splits(cohort, **HOW):
        counts = Counter(labels[slide] for slide in split.training)
        assert counts == dict.fromkeys("ab", split.settings["shots"])
        assert split.validation == ()


def test_test_is_every_slide_of_all_other_patients():
    cohort = even_cohort(40, 2)
    for split in few_shot_splits(cohort, **HOW):
        assert len(split.test) == 2 * (40 - 8)
        patients = {slide.split("_")[0] for slide in split.test}
        assert len(patients) == 32
        assert patients.isdisjoint(slide.split("_")[0] for slide in split.training)


def test_shots_of_a_draw_are_nested_and_share_the_test_part():
    splits = _by_name(few_shot_splits(even_cohort(40), **HOW))
    for draw in range(20):
        one, two, four = (splits[f"shots{k}_draw{draw:02d}"] for k in (1, 2, 4))
        assert set(one.training) < set(two.training) < set(four.training)
        assert one.test == two.test == four.test


def test_draws_differ_and_follow_the_seed():
    one, same = (few_shot_splits(even_cohort(40), **HOW) for _ in range(2))
    other = few_shot_splits(even_cohort(40), **{**HOW, "seed": 1})
    assert one == same
    assert len({split.test for split in one}) == 20
    assert one[0].test != other[0].test


def test_validation_patients_leave_training_as_it_was():
    cohort = even_cohort(40, 2)
    labels = {one.slide: one.label for one in cohort.slides}
    without = few_shot_splits(cohort, **HOW)
    with_them = few_shot_splits(cohort, **HOW, validation_patients=6)
    for plain, split in zip(without, with_them, strict=True):
        assert split.training == plain.training
        assert len(split.validation) == 12
        assert Counter(labels[slide] for slide in split.validation) == {"a": 6, "b": 6}
        assert set(split.test) == set(plain.test) - set(split.validation)
        assert split.settings == {**plain.settings, "validation_patients": 6}
    assert len({split.validation for split in with_them}) == 20


def test_random_cohorts_share_no_patient():
    rng = np.random.default_rng(0)
    for seed in range(200):
        rows = [
            (f"s{p}_{k}", f"p{p}", str(rng.choice(["a", "b"])))
            for p in range(rng.integers(12, 30))
            for k in range(rng.integers(1, 4))
        ]
        try:
            splits = few_shot_splits(cohort_of(rows), **{**HOW, "draws": 2, "seed": seed})
        except CohortError:
            continue
        for split in splits:
            train, test = ({s.split("_")[0] for s in p} for p in (split.training, split.test))
            assert train.isdisjoint(test)


@pytest.mark.parametrize(
    ("change", "patients", "message"),
    [
        ({"shots": [8]}, 40, "4 slides of class 'a'.*8 shots need 8"),
        ({"train_patients": 8}, 8, "'a' 4, 'b' 4; train_patients=8 takes 4"),
        ({"train_patients": 1}, 40, "train_patients=1"),
        ({"shots": []}, 40, r"shots=\[\]"),
        ({"shots": [0]}, 40, r"shots=\[0\]"),
        ({"draws": 0}, 40, "draws=0"),
        ({"validation_patients": 8}, 16, "'a' 4, 'b' 4; validation_patients=8 takes 4"),
        ({"validation_patients": 1}, 40, "validation_patients=1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(change, patients, message):
    with pytest.raises(CohortError, match=message):
        few_shot_splits(even_cohort(patients), **{**HOW, **change})


def test_class_without_a_slide_is_named():
    rows = [(f"s{k}", f"p{k}", "ab"[k % 2]) for k in range(20)]
    with pytest.raises(CohortError, match=r"cohort: class 'c' has no slide.*--classes"):
        few_shot_splits(cohort_of(rows, "abc"), **HOW)
