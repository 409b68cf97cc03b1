"""Tables of kept runs: what is read is what was written, runs add up, nothing is mixed."""

import numpy as np
import pytest

from monai_ext.errors import CohortError
from monai_ext.experiments.kept_scores import keep_scores
from monai_ext.experiments.segmentation_grid import SegmentationCell

IMAGES, PATIENTS = ("i1", "i2", "i3"), ("p1", "p1", "")


def cell(*rows, seeds=(0,), images=IMAGES):
    return SegmentationCell(np.array(rows), PATIENTS, images, seeds)


def test_runs_of_several_reports_add_up(tmp_path):
    one = {("x_010", "a"): cell([0.12346, 0.5, 1.0], [0.1, 0.2, 0.3], seeds=(2, 0))}
    kept = keep_scores(one, tmp_path, "mdice")
    assert kept["x_010", "a"].seeds == (0, 2)
    np.testing.assert_array_equal(kept["x_010", "a"].scores, [[0.1, 0.2, 0.3], [0.1235, 0.5, 1.0]])
    assert (kept["x_010", "a"].images, kept["x_010", "a"].patients) == (IMAGES, PATIENTS)
    two = {
        ("x_010", "a"): cell([0.7, 0.8, 0.9], [0.1, 0.2, 0.3], seeds=(1, 0)),
        ("x_020", "a"): cell([0.4, 0.4, 0.4]),
        ("patient_020", "a"): cell([0.6, 0.6, 0.6], images=("j1", "j2", "j3")),
    }
    kept = keep_scores(two, tmp_path, "mdice")
    assert set(kept) == {("x_010", "a"), ("x_020", "a"), ("patient_020", "a")}
    assert kept["x_010", "a"].seeds == (0, 1, 2)
    np.testing.assert_array_equal(kept["x_010", "a"].scores[1], [0.7, 0.8, 0.9])
    np.testing.assert_array_equal(kept["x_010", "a"].scores[2], [0.1235, 0.5, 1.0])
    assert kept["patient_020", "a"].images == ("j1", "j2", "j3")
    assert keep_scores({}, tmp_path, "mdice").keys() == kept.keys()
    assert keep_scores({}, tmp_path, "miou") == {}


def test_the_table_has_a_row_an_image_and_a_column_a_run(tmp_path):
    keep_scores({("x_010", "a"): cell([0.1, 0.2, 0.3], seeds=(4,))}, tmp_path, "mdice")
    lines = (tmp_path / "x_mdice.csv").read_text().splitlines()
    assert lines == [
        "image,patient,x_010/a/4",
        "i1,p1,0.1000",
        "i2,p1,0.2000",
        "i3,,0.3000",
    ]


def test_runs_of_other_settings_are_not_mixed_in(tmp_path):
    keep_scores({("x_010", "a"): cell([0.1, 0.2, 0.3])}, tmp_path, "mdice")
    before = (tmp_path / "x_mdice.csv").read_text()
    with pytest.raises(CohortError, match="other scores of x_010/a/0"):
        keep_scores({("x_010", "a"): cell([0.1, 0.2, 0.31])}, tmp_path, "mdice")
    with pytest.raises(CohortError, match="other images"):
        keep_scores(
            {("x_020", "a"): cell([0.1, 0.2, 0.3], images=("i1", "i2", "i9"))}, tmp_path, "mdice"
        )
    assert (tmp_path / "x_mdice.csv").read_text() == before
