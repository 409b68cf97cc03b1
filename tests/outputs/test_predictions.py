"""predictions.csv: layout, order, refusals, patient level."""

import numpy as np
import pytest

from monai_ext.errors import CohortError, SettingError
from monai_ext.outputs.predictions import (
    Prediction,
    patient_predictions,
    prediction_table,
    read_predictions,
    write_predictions,
)

CLASSES = ("normal", "tumour")
ROWS = [
    Prediction("s2", "p1", (0.25, 0.75), "tumour", "00ff"),
    Prediction("s1", "p1", (0.75, 0.25), None, "00ff"),
    Prediction("a,b", "p0", (1.0, 0.0), "normal"),
]


def test_file_is_sorted_with_a_column_a_class(tmp_path):
    write_predictions(tmp_path / "predictions.csv", ROWS, CLASSES)
    assert (tmp_path / "predictions.csv").read_text().splitlines() == [
        "slide,patient,normal,tumour,label,provenance",
        '"a,b",p0,1,0,normal,',
        "s1,p1,0.75,0.25,,00ff",
        "s2,p1,0.25,0.75,tumour,00ff",
    ]


def test_reading_gives_back_what_was_written(tmp_path):
    write_predictions(tmp_path / "p.csv", ROWS, CLASSES)
    table = read_predictions(tmp_path / "p.csv")
    assert table == prediction_table(ROWS, CLASSES)
    assert table.labels().tolist() == [0, -1, 1]
    assert [row.slide for row in table.labelled().rows] == ["a,b", "s2"]


def test_float32_probabilities_survive_the_file(tmp_path):
    p = np.float32([1 / 3, 2 / 3])
    write_predictions(tmp_path / "p.csv", [Prediction("s", "p", tuple(p.tolist()))], CLASSES)
    again = read_predictions(tmp_path / "p.csv").probabilities().astype(np.float32)
    assert (again[0] == p).all()


def test_label_and_provenance_columns_may_be_missing(tmp_path):
    (tmp_path / "p.csv").write_text("patient,normal,tumour,slide\np,0.5,0.5,s\n")
    assert read_predictions(tmp_path / "p.csv").rows == (Prediction("s", "p", (0.5, 0.5)),)


def test_patient_has_the_mean_of_its_slides():
    table = patient_predictions(prediction_table(ROWS, CLASSES))
    assert table.rows == (
        Prediction("a,b", "p0", (1.0, 0.0), "normal"),
        Prediction("s1;s2", "p1", (0.5, 0.5), "tumour", "00ff"),
    )


def test_slide_without_patient_is_its_own():
    rows = [Prediction(slide, "", (0.5, 0.5)) for slide in ("x", "y")]
    found = patient_predictions(prediction_table(rows, CLASSES))
    assert [row.patient for row in found.rows] == ["x", "y"]


def test_patient_with_two_labels_is_refused():
    rows = [Prediction("s", "p", (1, 0), "normal"), Prediction("t", "p", (1, 0), "tumour")]
    with pytest.raises(CohortError, match="patient p has slides labelled normal, tumour"):
        patient_predictions(prediction_table(rows, CLASSES))


@pytest.mark.parametrize("names", [("slide", "b"), ("Label", "b"), ("a", "a"), ("a", ""), ("a",)])
def test_class_names_that_are_no_columns_are_refused(tmp_path, names):
    with pytest.raises(SettingError, match=r"class names .*none of them slide, patient"):
        write_predictions(tmp_path / "p.csv", [], names)
    assert not (tmp_path / "p.csv").exists()


@pytest.mark.parametrize("p", [(0.5,), (0.5, 0.6), (1.5, -0.5), (float("nan"), 0.5)])
def test_numbers_that_are_no_probabilities_are_refused(p):
    with pytest.raises(SettingError, match="slide s has probabilities"):
        prediction_table([Prediction("s", "p", p)], CLASSES)


def test_unknown_label_and_double_slide_are_refused():
    with pytest.raises(CohortError, match=r"slide s has label '1'.*normal, tumour"):
        prediction_table([Prediction("s", "p", (1, 0), "1")], CLASSES)
    with pytest.raises(CohortError, match="slides s1 have two rows"):
        prediction_table([*ROWS, ROWS[1]], CLASSES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("slide,normal,tumour\n", "has columns"),
        ("slide,patient,normal\n", "one column a class"),
        ("slide,patient,a,b\ns,p,x,0\n", "line 2: could not convert"),
        ("slide,patient,a,b\ns,p,1\n", "line 2"),
    ],
)
def test_foreign_table_is_refused(tmp_path, text, message):
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(CohortError, match=message):
        read_predictions(tmp_path / "p.csv")
