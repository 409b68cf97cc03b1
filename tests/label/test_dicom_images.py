"""A DICOM slide is one image of a server, in a folder of its own or among other files."""

import pydicom
import pytest
from pydicom.uid import generate_uid

from monai_ext.label.dicom_images import finest_level, one_image_a_slide
from monai_ext.wsi.dicom_series import series_levels
from tests.dicom_slides import dicom_slide
from tests.engines.tiny_extraction import add_slide


@pytest.fixture
def studies(tmp_path):
    folder = tmp_path / "studies"
    folder.mkdir()
    dicom_slide(add_slide(tmp_path, "a.tif"), folder / "case 7")
    (folder / "labels/final").mkdir(parents=True)
    return folder


def names_in(folder):
    return one_image_a_slide(folder, [path.name for path in folder.iterdir() if path.is_file()])


def test_folder_of_a_slide_is_an_image_and_other_folders_are_not(studies):
    (studies / "b.svs").write_bytes(b"x")
    assert names_in(studies) == ["b.svs", "case 7"]
    assert finest_level(studies / "case 7") == series_levels(studies / "case 7")[0].path
    for name in ("b.svs", "labels"):
        assert finest_level(studies / name) == studies / name


def test_of_the_files_of_a_series_the_finest_level_is_the_image(studies):
    finest = series_levels(studies / "case 7")[0].path.name
    for path in list((studies / "case 7").iterdir()):
        path.rename(studies / path.name)
    assert len(list(studies.glob("*.dcm"))) == 3
    assert names_in(studies) == [finest]


def test_what_is_dicom_and_no_slide_is_no_image(studies):
    (path, *others) = (studies / "case 7").iterdir()
    for other in others:
        other.unlink()
    data = pydicom.dcmread(path)
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.66.4", generate_uid()
    data.save_as(path)
    (studies / "text.dcm").write_text("no DICOM")
    data.save_as(studies / "segmentation.dcm")
    assert names_in(studies) == []
