import numpy as np
import pytest

from monai_ext.data.patient_draw import draw_patients, patients_by_class, proportional_shares
from monai_ext.errors import CohortError
from tests.data.feature_files import cohort_of


def test_a_patient_with_both_labels_counts_for_the_rarer():
    cohort = cohort_of([("1", "p", "a"), ("2", "p", "b"), ("3", "q", "a"), ("4", "r", "a")])
    assert patients_by_class(cohort.slides) == {"a": ["q", "r"], "b": ["p"]}


def test_draw_takes_the_share_of_each_class(np_rng):
    groups = {"a": list("abcdef"), "b": list("uvwxyz")}
    drawn = draw_patients(groups, {"a": 4, "b": 1}, np_rng)
    assert (len(drawn & set("abcdef")), len(drawn & set("uvwxyz"))) == (4, 1)


@pytest.mark.parametrize(
    ("sizes", "shares"),
    [
        ((40, 40), (6, 6)),
        ((90, 10), (14, 1)),
        ((3, 3), (1, 1)),
        ((2, 2), (1, 1)),
        ((60, 3), (9, 1)),
    ],
)
def test_shares_follow_the_sizes(sizes, shares):
    groups = {name: [f"{name}{k}" for k in range(n)] for name, n in zip("ab", sizes, strict=True)}
    found = proportional_shares(groups, 0.15, at_least=2)
    assert tuple(found.values()) == shares


def test_a_class_with_one_patient_is_refused():
    with pytest.raises(CohortError, match="class 'b' has 1 patient left"):
        proportional_shares({"a": ["1", "2"], "b": ["3"]}, 0.15, at_least=2)


def test_too_few_patients_are_refused():
    with pytest.raises(CohortError, match="validation needs 2 of them"):
        proportional_shares({"a": ["1", "2"]}, 0.15, at_least=2)


def test_draw_follows_the_generator():
    groups = {"a": [str(k) for k in range(30)]}
    one, same, other = (
        draw_patients(groups, {"a": 9}, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert one == same != other
