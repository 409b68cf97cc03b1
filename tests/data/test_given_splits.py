import logging

import pytest

from monai_ext.data import given_splits
from monai_ext.errors import CohortError
from tests.data.feature_files import even_cohort

COHORT = even_cohort(12)


def _given(tmp_path, lines):
    (tmp_path / "s.csv").write_text("\n".join(lines))
    return given_splits(tmp_path / "s.csv", COHORT, seed=0)


def _rows(words):
    return [f"s{k}_0.svs,{word}" for k, word in enumerate(words)]


def test_parts_are_taken_as_given(tmp_path):
    words = ["train"] * 4 + ["Validation"] * 4 + ["test"] * 4
    (split,) = _given(tmp_path, ["slide,part", *_rows(words)])
    assert split.training == ("s0_0", "s1_0", "s2_0", "s3_0")
    assert split.validation == ("s4_0", "s5_0", "s6_0", "s7_0")
    assert split.test == ("s8_0", "s9_0", "s10_0", "s11_0")


def test_folds_are_tested_in_turn(tmp_path):
    splits = _given(tmp_path, ["slide,fold", *_rows(k // 2 % 2 for k in range(12))])
    assert [split.name for split in splits] == ["fold0", "fold1"]
    assert splits[0].test == ("s0_0", "s1_0", "s4_0", "s5_0", "s8_0", "s9_0")
    assert len(splits[0].validation) == 2
    assert set(splits[0].training + splits[0].validation) == set(splits[1].test)


def test_fold_and_part_give_a_split_each(tmp_path):
    lines = ["slide,fold,part"]
    for fold in (10, 9):
        words = ["test" if k // 2 == fold - 9 else "train" for k in range(12)]
        lines += [f"s{k}_0,{fold},{word}" for k, word in enumerate(words)]
    splits = _given(tmp_path, lines)
    assert [split.name for split in splits] == ["fold9", "fold10"]
    assert splits[0].test == ("s0_0", "s1_0")
    assert splits[1].test == ("s2_0", "s3_0")


def test_slides_left_out_are_in_no_part_and_said(tmp_path, caplog):
    words = ["train"] * 4 + [""] * 4 + ["test"] * 2
    with caplog.at_level(logging.WARNING):
        (split,) = _given(tmp_path, ["slide,part", *_rows(words)])
    assert len(split.training + split.test) == 6
    assert "leaves out 2 of 12 slides" in caplog.text


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["slide,part", "s0_0,train", "zz,test"], "slide 'zz' is not in the cohort"),
        (["slide,part", "s0_0,train", "s0_0.svs,test"], "slide 's0_0' is there twice"),
        (["slide,part", "s0_0,holdout"], "slide 's0_0' has part 'holdout'"),
        (["slide,group", "s0_0,1"], "slide and part, or slide and fold"),
        (["slide,part", "s0_0,train", "s2_0,test"], "training has no slide of class 'b'"),
    ],
)
def test_bad_tables_are_refused(tmp_path, lines, message):
    with pytest.raises(CohortError, match=message):
        _given(tmp_path, lines)


def test_a_patient_in_two_parts_is_refused(tmp_path):
    cohort = even_cohort(6, 2)
    rows = [f"{one.slide},{'train' if one.slide[-1] == '0' else 'test'}" for one in cohort.slides]
    (tmp_path / "s.csv").write_text("\n".join(["slide,part", *rows]))
    with pytest.raises(CohortError, match="patient 'p0' is in training and test") as caught:
        given_splits(tmp_path / "s.csv", cohort, seed=0)
    assert "has 6 problems" in str(caught.value)


def test_a_patient_in_two_folds_is_refused(tmp_path):
    cohort = even_cohort(8, 2)
    rows = [f"{one.slide},{one.slide[-1]}" for one in cohort.slides]
    (tmp_path / "s.csv").write_text("\n".join(["slide,fold", *rows]))
    with pytest.raises(CohortError, match="patient 'p0' is in"):
        given_splits(tmp_path / "s.csv", cohort, seed=0)
