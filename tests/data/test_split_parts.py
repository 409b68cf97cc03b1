import pytest

from monai_ext.data import Split, require_sound
from monai_ext.errors import CohortError
from tests.data.feature_files import cohort_of

COHORT = cohort_of([(f"s{k}", f"p{k // 2}", "ab"[k % 2]) for k in range(8)])


def _split(training, validation, test):
    return Split("x", tuple(training.split()), tuple(validation.split()), tuple(test.split()))


def test_a_sound_split_passes():
    split = _split("s0 s1", "s2 s3", "s4 s5")
    assert require_sound(split, COHORT) is split


def test_validation_and_test_may_be_empty():
    split = _split("s0 s1", "", "")
    assert require_sound(split, COHORT) is split


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (("s0 s1", "s2 s3", "s2 s5 s4"), "patient 'p1' is in validation and test"),
        (("s0 s1 s0", "", "s4 s5"), "slide 's0' is in training and training"),
        (("s0 s1", "", "s4 s5 s9"), "slide 's9' is not in the cohort"),
        (("s0 s2", "", "s4 s5"), "training has no slide of class 'b'"),
        (("s0 s1", "s2", "s4 s5"), "validation has slides of class 'a' only"),
        (("s0 s1", "", "s5 s7"), "test has slides of class 'b' only"),
    ],
)
def test_unsound_splits_are_refused(parts, message):
    with pytest.raises(CohortError, match=message):
        require_sound(_split(*parts), COHORT)
