"""A folder of slides: sizes, readers, faults, and how the table fits."""

import numpy as np
import pytest

from monai_ext.doctor.slides import slide_lines
from monai_ext.errors import CohortError, SlideError
from monai_ext.testing.bounded_slide import write_bounded_slide
from monai_ext.testing.tiny_slides import write_tiny_slide
from tests.dicom_slides import PATIENT, dicom_slide


@pytest.fixture
def image(np_rng):
    return np_rng.integers(0, 255, (96, 128, 3)).astype(np.uint8)


@pytest.fixture
def add(tmp_path, image):
    def add(name, **kwargs):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        return write_tiny_slide(tmp_path / name, image, tile_px=32, **kwargs)

    return add


def test_good_slides_come_first_then_faults_with_their_repair(tmp_path, add):
    add("a.tif", mpp=None)
    add("b.tif", mpp=0.25, factors=(1, 2))
    (tmp_path / "c.svs").write_bytes(b"no slide")
    lines = slide_lines(tmp_path, None)
    assert lines[0] == f"Slides in {tmp_path}: 3; opened 1 by strip"
    assert lines[1].startswith("  b: 128 x 96 px, 2 levels, 0.25 um/px, ")
    assert [line[:5] for line in lines[2:]] == ["  a: ", "  c: "]
    assert "--mpp" in lines[2]


def test_readers_are_counted_and_bounds_told(tmp_path, add, image):
    add("a.tif")
    add("b.tif")
    write_bounded_slide(tmp_path / "c.scn", image, canvas=(256, 192), corner=(64, 32), tile_px=32)
    lines = slide_lines(tmp_path, None)
    assert lines[0] == f"Slides in {tmp_path}: 3; opened 2 by strip, 1 by openslide"
    assert lines[3] == "  c: 256 x 192 px, 2 levels, 0.5 um/px, bounds (64, 32, 128, 96), leica"


def test_where_nothing_opens_that_is_said(tmp_path, add):
    add("a.tif", mpp=None)
    assert slide_lines(tmp_path, None)[0].endswith(": 1; opened none")


def test_one_name_in_two_folders_is_told(tmp_path, add):
    for name in ("x/a.tif", "y/a.tif", "y/b.tif"):
        add(name)
    assert slide_lines(tmp_path, None)[-1] == "  the same name in two folders: a"


def test_twenty_good_slides_are_enough_but_every_fault_is_told(tmp_path, add):
    path = add("s00.tif")
    for k in range(1, 23):
        (tmp_path / f"s{k:02}.tif").write_bytes(path.read_bytes())
    for k in range(22):
        (tmp_path / f"x{k:02}.svs").touch()
    lines = slide_lines(tmp_path, None)
    assert [line[2:5] for line in lines[1:21]] == [f"s{k:02}" for k in range(20)]
    assert [line[2:5] for line in lines[21:]] == [f"x{k:02}" for k in range(22)]


def test_table_names_what_either_side_lacks(tmp_path, add):
    for name in ("a", "b"):
        add(f"{name}.tif")
    table = tmp_path / "cohort.csv"
    table.write_text("slide,patient,label\na.tif,p,0\nc,p,0\nd,q,1\n")
    assert slide_lines(tmp_path, table)[3:] == [
        "Table: 3 slides of 2 patients",
        "  in the table, but no slide: c, d",
        "  slides, but not in the table: b",
    ]


def test_table_that_fits_is_one_line(tmp_path, add):
    add("a.tif")
    add("b.tif")
    (tmp_path / "cohort.csv").write_text("slide,patient,label\na,p,0\nb,q,1\n")
    assert slide_lines(tmp_path, tmp_path / "cohort.csv")[3:] == ["Table: 2 slides of 2 patients"]


def test_unsound_table_is_refused(tmp_path, add):
    add("a.tif")
    (tmp_path / "cohort.csv").write_text("slide,label\na,0\n")
    with pytest.raises(CohortError, match=r"cohort\.csv has no column 'patient'"):
        slide_lines(tmp_path, tmp_path / "cohort.csv")


def test_folder_without_slides_is_refused(tmp_path):
    (tmp_path / "a.txt").touch()
    with pytest.raises(SlideError, match=r"^no slide in .*\. Rule: slides are found by their"):
        slide_lines(tmp_path, None)


def test_a_dicom_folder_is_one_slide_without_its_patient(tmp_path, add):
    dicom_slide(add("a.tif", mpp=0.5), tmp_path / "dicom/case 7")
    lines = slide_lines(tmp_path / "dicom", None)
    assert lines[0].endswith("1; opened 1 by openslide")
    assert lines[1].startswith("  case 7: 128 x 96 px")
    assert lines[1].endswith(", dicom")
    assert [value for value in PATIENT.values() if value in "".join(lines)] == []
