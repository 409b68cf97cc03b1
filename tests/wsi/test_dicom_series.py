"""A DICOM slide is one series of one folder, and reads as the slide that it was made of."""

import shutil

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from monai_ext.errors import SlideError
from monai_ext.testing.shared_data import shared_data_path
from monai_ext.wsi import GridSpec, build_grid, read_level_tiles, segment_tissue
from monai_ext.wsi.dicom_series import dicom_hash, dicom_slide, read_dicom_file, series_levels
from monai_ext.wsi.open_slide import open_slide
from tests import dicom_slides

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"


@pytest.fixture(scope="session")
def made(tiny_slide, tmp_path_factory):
    """The tiny slide as DICOM: three levels. Do not change it: copy it first."""
    return dicom_slides.dicom_slide(tiny_slide, tmp_path_factory.mktemp("dicom") / "case 1")


@pytest.fixture
def case(made, tmp_path):
    return shutil.copytree(made, tmp_path / "case 1")


def changed(path, target=None, **values):
    data = pydicom.dcmread(path)
    for name, value in values.items():
        setattr(data, name, value)
    if "SOPInstanceUID" in values:
        data.file_meta.MediaStorageSOPInstanceUID = values["SOPInstanceUID"]
    data.save_as(target or path)
    return target or path


def label_of(case):
    """A file of the series that is no level."""
    kind = ["ORIGINAL", "PRIMARY", "LABEL", "NONE"]
    smallest = series_levels(case)[-1].path
    return changed(smallest, case / "label.dcm", ImageType=kind, SOPInstanceUID=generate_uid())


def test_any_file_and_the_folder_open_the_whole_series(case, tiny_slide):
    with open_slide(tiny_slide) as original:
        stored = original.info.levels
        pixels = [original.read_region(10, 20, 90, 80, level) for level in range(len(stored))]
    opened = [open_slide(path) for path in (case, *sorted(case.iterdir()))]
    assert len(opened) == 4
    assert {slide.info.levels for slide in opened} == {stored}
    assert {slide.info.slide_hash for slide in opened} == {dicom_hash(case)}
    assert {(slide.info.vendor, slide.info.mpp, slide.info.bounds) for slide in opened} == {
        ("dicom", 0.5, None)
    }
    for slide in opened:
        for level, expected in enumerate(pixels):
            np.testing.assert_array_equal(slide.read_region(10, 20, 90, 80, level), expected)
        slide.close()


def test_levels_come_largest_first_without_label(case):
    label = label_of(case)
    found = series_levels(case)
    assert [pydicom.dcmread(head.path).TotalPixelMatrixColumns for head in found] == [912, 456, 228]
    assert label not in {head.path for head in found}
    assert series_levels(label) == found


def test_several_files_are_their_folder_and_one_is_itself(case):
    files = sorted(case.iterdir())
    assert dicom_slide(files) == (case, "case 1")
    assert dicom_slide(files[:1]) == (files[0], files[0].stem)
    assert dicom_slide([]) is None


def test_results_in_dicom_are_no_slides(case):
    files = sorted(case.iterdir())
    changed(files[0], SOPClassUID=SEGMENTATION)
    assert dicom_slide(files[:1]) is None
    assert dicom_slide(files[:2]) == (files[1], files[1].stem)


def test_folder_of_two_series_is_refused_and_their_files_are_not(case):
    first = series_levels(case)[0].path
    uids = {"SeriesInstanceUID": generate_uid(), "SOPInstanceUID": generate_uid()}
    other = changed(first, case / "other.dcm", **uids)
    with pytest.raises(SlideError, match=r"case 1 has DICOM files of 2 whole-slide series.*folder"):
        open_slide(case)
    assert len(open_slide(first).info.levels) == 3
    assert len(open_slide(other).info.levels) == 1


def test_folder_without_a_slide_is_refused(tmp_path, tiny_slide):
    shutil.copy(tiny_slide, tmp_path / "a.tif")
    (tmp_path / "b.dcm").write_bytes(b"x" * 200)
    assert read_dicom_file(tmp_path / "a.tif") is None
    assert read_dicom_file(tmp_path / "b.dcm") is None
    with pytest.raises(SlideError, match=f"{tmp_path} is no DICOM slide"):
        open_slide(tmp_path)
    with pytest.raises(SlideError, match=r"b\.dcm cannot be opened by OpenSlide"):
        open_slide(tmp_path / "b.dcm")


def test_hash_is_of_the_pixels_of_all_levels_and_not_of_the_patient(case):
    before = dicom_hash(case)
    label_of(case)
    levels = series_levels(case)
    for head in levels:
        changed(head.path, PatientName="Somebody^Else", PatientID="2" * 30)
    assert dicom_hash(case) == before
    hashes = {before}
    for head in levels:
        pixels = pydicom.dcmread(head.path).PixelData
        changed(head.path, PixelData=pixels[:-40] + bytes([pixels[-40] ^ 1]) + pixels[-39:])
        hashes.add(dicom_hash(case))
    levels[-1].path.unlink()
    assert len(hashes | {dicom_hash(case)}) == 5


@pytest.mark.parametrize("convert", ["dicom_slide", "dicom_slide_of_stored_frames"])
def test_real_slide_has_the_same_grid_and_tiles_as_dicom(tmp_path, convert):
    """CMU-1-Small-Region: every tile of extraction at 20x, 10x and 5x, within one grey level."""
    source = shared_data_path("slides/cmu-1-small-region.svs")
    case = getattr(dicom_slides, convert)(source, tmp_path / "cmu")
    spec = GridSpec(64, (0.5, 1.0, 2.0), 0.02, 0.35, 1.3)
    with open_slide(source) as one, open_slide(case) as other:
        assert (one.backend, other.backend) == ("strip", "openslide")
        grids = [
            build_grid(spec, slide.info.mpp, (slide.info.width, slide.info.height), tissue)
            for slide in (one, other)
            for tissue in [segment_tissue(slide, slide.info.mpp)]
        ]
        assert [len(level) for level in grids[0].levels] == [len(k) for k in grids[1].levels]
        for level, tiles in enumerate(grids[0].levels):
            assert len(tiles) > 0
            np.testing.assert_array_equal(grids[1].coords(level), grids[0].coords(level))
        first, second = (_tiles(slide, grids[0]) for slide in (one, other))
    assert first.keys() == second.keys()
    gaps = [np.abs(first[key].astype(int) - second[key]).max() for key in first]
    assert len(gaps) == sum(len(level) for level in grids[0].levels)
    assert max(gaps) <= 1


def _tiles(slide, grid):
    return {
        (level, i): tile
        for level, index, batch in read_level_tiles(slide, grid, range(len(grid.levels)))
        for i, tile in zip(index.tolist(), batch.copy(), strict=True)
    }
