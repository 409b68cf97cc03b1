from collections import Counter

import numpy as np
import pytest

from monai_ext.data import fold_splits, require_sound
from monai_ext.data.split_parts import PARTS
from monai_ext.errors import CohortError
from tests.data.feature_files import cohort_of, even_cohort


def _random_cohort(seed):
    """2 or 3 classes, 1 to 4 slides a patient, some patients with several labels."""
    rng = np.random.default_rng(seed)
    names = "abc"[: rng.integers(2, 4)]
    rows = []
    for p in range(rng.integers(12, 40)):
        label = rng.choice(list(names))
        for k in range(rng.integers(1, 5)):
            own = label if rng.random() < 0.9 else rng.choice(list(names))
            rows.append((f"s{p}_{k}", f"p{p}", str(own)))
    return cohort_of(rows, names)


def _patients(cohort, slides):
    by_name = {one.slide: one.patient for one in cohort.slides}
    return {by_name[slide] for slide in slides}


@pytest.mark.parametrize("block", range(10))
def test_random_cohorts_share_no_patient_and_test_every_slide_once(block):
    """1,000 random cohorts in ten blocks; one that cannot be split fairly is refused."""
    refused = 0
    for seed in range(block * 100, block * 100 + 100):
        cohort = _random_cohort(seed)
        try:
            splits = fold_splits(cohort, folds=3, seed=seed)
        except CohortError:
            refused += 1
            continue
        tested = Counter(slide for split in splits for slide in split.test)
        assert tested == Counter(one.slide for one in cohort.slides)
        for split in splits:
            patients = [_patients(cohort, split.part(part)) for part in PARTS]
            assert sum(map(len, patients)) == len(set.union(*patients)) == len(cohort.patients)
            assert len(patients[1]) >= 2
            for part in PARTS:
                labels = {one.label for one in cohort.slides if one.slide in split.part(part)}
                assert len(labels) >= 2
    assert refused < 10


def test_validation_is_fifteen_percent_of_the_other_folds():
    for split in fold_splits(even_cohort(100, 2), folds=5, seed=0):
        assert (len(split.test), len(split.validation), len(split.training)) == (40, 24, 136)


def test_classes_are_balanced_over_folds():
    cohort = even_cohort(60)
    labels = {one.slide: one.label for one in cohort.slides}
    for split in fold_splits(cohort, folds=5, seed=3):
        assert Counter(labels[slide] for slide in split.test) == {"a": 6, "b": 6}


def test_seed_decides():
    cohort = even_cohort(30)
    one, same, other = (fold_splits(cohort, folds=3, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert [split.test for split in one] != [split.test for split in other]


def test_splits_are_sound_and_named():
    cohort = even_cohort(20)
    splits = fold_splits(cohort, folds=2, seed=0)
    assert [require_sound(split, cohort).name for split in splits] == ["fold0", "fold1"]
    assert splits[1].settings["fold"] == 1


def test_classes_smaller_than_the_folds_are_refused():
    rows = [(f"s{k}", f"p{k}", "b" if k < 4 else "a") for k in range(30)]
    with pytest.raises(CohortError, match=r"class 'b' has 4 patients.*5 folds need"):
        fold_splits(cohort_of(rows), folds=5, seed=0)


def test_many_slides_of_few_patients_do_not_help():
    rows = [(f"s{k}", f"p{k % 3}", "ab"[k % 2]) for k in range(60)]
    with pytest.raises(CohortError, match="'a' has 3, 'b' has 3 patients"):
        fold_splits(cohort_of(rows), folds=5, seed=0)


def test_class_without_a_slide_is_named():
    rows = [(f"s{k}", f"p{k}", "ab"[k % 2]) for k in range(20)]
    with pytest.raises(CohortError, match="class 'c' has 0 patients"):
        fold_splits(cohort_of(rows, "abc"), folds=3, seed=0)


def test_one_class_is_refused():
    with pytest.raises(CohortError, match="one class"):
        fold_splits(cohort_of([(f"s{k}", f"p{k}", "a") for k in range(9)], "a"), folds=3, seed=0)


def test_one_fold_is_refused():
    with pytest.raises(CohortError, match="folds=1"):
        fold_splits(even_cohort(9), folds=1, seed=0)


def test_no_patient_left_for_validation_names_the_fold():
    with pytest.raises(CohortError, match="fold0: class 'a', 'b' has 1 patient left"):
        fold_splits(even_cohort(4), folds=2, seed=0)
