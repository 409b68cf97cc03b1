"""Slides by their stem, in nested folders."""

import pytest

from monai_ext.errors import SlideError
from monai_ext.outputs.slide_files import SlideFiles


def _touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_slide_is_found_in_a_nested_folder_by_its_stem(tmp_path):
    _touch(tmp_path / "a/TCGA-01.uuid.svs", tmp_path / "b.ome.tif", tmp_path / "b.h5")
    _touch(tmp_path / "b.png", tmp_path / "notes.txt")
    files = SlideFiles(tmp_path)
    assert files.find("TCGA-01.uuid") == tmp_path / "a/TCGA-01.uuid.svs"
    assert files.find("b") == tmp_path / "b.ome.tif"
    assert files.find("b.ome.tif") == tmp_path / "b.ome.tif"
    assert files.find("notes") is None


def test_no_folder_holds_no_slide():
    assert SlideFiles(None).find("a") is None


def test_two_files_of_one_stem_are_refused(tmp_path):
    _touch(tmp_path / "x/a.svs", tmp_path / "y/a.tiff")
    with pytest.raises(SlideError, match=r"slide a has files .*x/a.svs, .*y/a.tiff"):
        SlideFiles(tmp_path).find("a")


def test_dicom_files_of_one_folder_are_that_folder(tmp_path):
    _touch(tmp_path / "case.1/1.dcm", tmp_path / "case.1/2.DCM", tmp_path / "x/alone.dcm")
    files = SlideFiles(tmp_path)
    assert files.find("case.1") == tmp_path / "case.1"
    assert files.find("alone") == tmp_path / "x/alone.dcm"
    assert files.find("1") is None
