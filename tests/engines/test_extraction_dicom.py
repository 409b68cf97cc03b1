"""Features of a DICOM slide are those of the slide it was made of, and say nothing of a patient."""

import logging

import numpy as np
import pytest

from monai_ext.data import feature_path, read_features
from monai_ext.testing.shared_data import shared_data_path
from tests.dicom_slides import PATIENT, dicom_slide
from tests.engines.tiny_extraction import add_slide, extract, feature_files


def bytes_below(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_dicom_gives_the_features_of_the_original_and_nothing_of_the_patient(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    path = add_slide(tmp_path / "original", "case 1.tif")
    case = dicom_slide(path, tmp_path / "slides/case 1")
    assert all(b"Invented^Griselda" in data for data in bytes_below(case).values())
    extract(tmp_path, dataset_dir=tmp_path / "original", output_dir=tmp_path / "of tif")
    assert extract(tmp_path).ok == ["case 1"]
    one, other = feature_files(tmp_path / "of tif"), feature_files(tmp_path / "out")
    assert len(one) == 3
    assert one.keys() == other.keys()
    for name in one:
        first, second = (read_features(tmp_path / out / name) for out in ("of tif", "out"))
        np.testing.assert_array_equal(second.coords, first.coords)
        np.testing.assert_array_equal(second.features, first.features)
    written = bytes_below(tmp_path / "out") | {"log": caplog.text.encode()}
    assert len(written) > 8
    for value in PATIENT.values():
        assert [str(path) for path, data in written.items() if value.encode() in data] == []


def test_dicom_folder_of_two_series_is_one_failure(tmp_path):
    for name in ("a", "b"):
        dicom_slide(add_slide(tmp_path, f"{name}.tif"), tmp_path / "made" / name)
    (tmp_path / "slides/both").mkdir(parents=True)
    for path in (tmp_path / "made").rglob("*.dcm"):
        path.rename(tmp_path / "slides/both" / path.name)
    add_slide(tmp_path / "slides", "good.tif")
    found = extract(tmp_path)
    assert found.ok == ["good"]
    assert "DICOM files of 2 whole-slide series" in found.failed["both"]


@pytest.mark.parametrize("tile_px", [80])
def test_real_dicom_slide_gives_the_features_of_its_svs(tmp_path, tile_px):
    source = shared_data_path("slides/cmu-1-small-region.svs")
    case = dicom_slide(source, tmp_path / "slides/cmu")
    given = {"tile_px": tile_px, "tissue": {}}
    assert extract(tmp_path, dataset_dir=case, **given).ok == ["cmu"]
    extract(tmp_path, dataset_dir=source, output_dir=tmp_path / "svs", **given)
    for magnification in (20, 10, 5):
        dicom = read_features(feature_path(tmp_path / "out", magnification, tile_px, "tiny", "cmu"))
        path = feature_path(tmp_path / "svs", magnification, tile_px, "tiny", source.stem)
        svs = read_features(path)
        assert len(svs.coords) >= 20
        np.testing.assert_array_equal(dicom.coords, svs.coords)
        np.testing.assert_allclose(dicom.features, svs.features, atol=1e-6)
