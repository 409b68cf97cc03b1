import pytest

from monai_ext.data import read_cohort
from monai_ext.errors import CohortError
from tests.data.feature_files import cohort_of


def _read(tmp_path, text, **how):
    (tmp_path / "c.csv").write_text(text, encoding="utf-8")
    return read_cohort(tmp_path / "c.csv", **how)


def test_rows_become_slides(tmp_path):
    cohort = _read(
        tmp_path,
        "slide,patient,label,mpp,site\nx/a b#ü.svs,007,tumour,0.25,A\nb.tif,007,normal,,B\n",
    )
    first, second = cohort.slides
    assert (first.slide, first.patient, first.label, first.mpp) == ("a b#ü", "007", "tumour", 0.25)
    assert first.other == {"site": "A"}
    assert second.mpp is None
    assert cohort.class_names == ("normal", "tumour")
    assert [cohort.label_index(one) for one in cohort.slides] == [1, 0]
    assert cohort.patients == ("007",)


def test_numbers_are_sorted_as_numbers(tmp_path):
    rows = "".join(f"s{k},p{k},{k}\n" for k in (10, 9, 1))
    assert _read(tmp_path, "slide,patient,label\n" + rows).class_names == ("1", "9", "10")


@pytest.mark.parametrize("names", [["t", "n"], "t, n"])
def test_given_classes_keep_their_order(tmp_path, names):
    cohort = _read(tmp_path, "slide,patient,label\na,1,n\nb,2,t\n", class_names=names)
    assert cohort.class_names == ("t", "n")


def test_all_that_is_wrong_is_listed_at_once(tmp_path):
    text = (
        "slide,patient,label,mpp\n"
        "a.svs,1,x,\n"
        "a.tif,2,y,\n"
        "b,3,z,\n"
        "c,,x,\n"
        "d,4,NaN,\n"
        ",5,x,\n"
        "e,6,y,25\n"
        "f,7,y,abc\n"
    )
    with pytest.raises(CohortError, match=r"c.csv has 9 problems") as caught:
        _read(tmp_path, text, class_names=["x", "y"])
    for line in (
        "slide 'a' is there 2 times",
        "slide 'a' has patients 1, 2",
        "slide 'a' has labels x, y",
        "slide 'b' has label 'z'",
        "row 5: patient is '' (c)",
        "row 6: label is 'NaN' (d)",
        "row 7: slide is ''",
        "slide 'e' has mpp '25', outside 0.05 to 20.0 um",
        "slide 'f' has mpp 'abc'",
    ):
        assert line in str(caught.value)


def test_without_patients_the_message_says_what_to_add(tmp_path):
    with pytest.raises(CohortError, match=r"add a column patient.*copy the slide column"):
        _read(tmp_path, "slide,label\na,x\n")


def test_a_table_without_rows_is_refused(tmp_path):
    with pytest.raises(CohortError, match="no slide"):
        _read(tmp_path, "slide,patient,label\n")


def test_hash_knows_content_not_order():
    rows = [("a", "1", "a"), ("b", "2", "b")]
    same = cohort_of(rows[::-1])
    assert cohort_of(rows).cohort_hash == same.cohort_hash
    assert cohort_of(rows).cohort_hash != cohort_of([("a", "1", "b"), rows[1]]).cohort_hash
    assert cohort_of(rows).cohort_hash != cohort_of(rows, ("b", "a")).cohort_hash


def test_without_keeps_the_classes():
    cohort = cohort_of([("a", "1", "a"), ("b", "2", "b")]).without(["b"])
    assert [one.slide for one in cohort.slides] == ["a"]
    assert cohort.class_names == ("a", "b")
