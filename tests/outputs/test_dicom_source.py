"""Of the source slide only its place is taken over, and nothing of the patient."""

import shutil
from dataclasses import replace

import pydicom
import pytest

from monai_ext.errors import SettingError, SlideError
from monai_ext.outputs import dicom_source as module
from monai_ext.outputs.dicom_annotations import write_dicom_annotations
from monai_ext.outputs.dicom_seg import write_dicom_seg
from monai_ext.outputs.dicom_source import dicom_source, require_dicom_slide, spacing_mm
from monai_ext.outputs.provenance import Provenance
from monai_ext.wsi.dicom_series import series_levels
from tests.dicom_slides import PATIENT
from tests.outputs.annotation_parts import FRAME
from tests.outputs.label_parts import blobs, label_map


def test_place_is_that_of_the_finest_level(dicom, dicom_folder):
    stored = pydicom.dcmread(series_levels(dicom_folder)[0].path)
    source = dicom_source(dicom.info)
    assert source.SOPInstanceUID == stored.SOPInstanceUID
    assert (source.TotalPixelMatrixColumns, source.TotalPixelMatrixRows) == (1000, 700)
    assert spacing_mm(source) == (0.0005, 0.0005)
    uid = stored.SpecimenDescriptionSequence[0].SpecimenUID
    assert source.SpecimenDescriptionSequence[0].SpecimenUID == uid


def test_results_tell_nothing_of_the_patient(dicom, dicom_folder, tmp_path):
    stored = (series_levels(dicom_folder)[0].path).read_bytes()
    assert all(value.encode() in stored for value in PATIENT.values())
    found = label_map(blobs(70, 100), scale=10.0, mpp=5.0, size=(1000, 700))
    parts = (dicom.info, "x", Provenance("x"))
    write_dicom_seg(tmp_path / "seg.dcm", found, ["background", "gland", "b"], *parts)
    write_dicom_annotations(tmp_path / "ann.dcm", [FRAME], *parts)
    for name in ("seg.dcm", "ann.dcm"):
        data = (tmp_path / name).read_bytes()
        assert [key for key, value in PATIENT.items() if value.encode() in data] == []
        made = pydicom.dcmread(tmp_path / name)
        assert [str(made[key].value) for key in ("PatientName", "PatientID")] == ["", ""]


def test_slide_without_a_place_is_refused(dicom_folder, dicom, tmp_path):
    case = shutil.copytree(dicom_folder, tmp_path / "case")
    path = series_levels(case)[0].path
    data = pydicom.dcmread(path)
    del data.TotalPixelMatrixOriginSequence
    data.save_as(path)
    with pytest.raises(SlideError, match=r"does not say where it lies.*TotalPixelMatrixOrigin"):
        dicom_source(replace(dicom.info, path=path))


def test_missing_library_is_named_with_its_extra(dicom, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(SettingError, match=r"highdicom is not installed.*monai-ext\[dicom\]"):
        require_dicom_slide(dicom.info)
