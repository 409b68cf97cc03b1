"""A Segmentation read back with pydicom is the label map, in its place on the slide."""

import json

import numpy as np
import pydicom
import pytest

from monai_ext.errors import SlideError
from monai_ext.outputs.dicom_seg import write_dicom_seg
from monai_ext.outputs.label_geojson import OutlineRules, write_label_geojson
from monai_ext.outputs.provenance import Provenance
from monai_ext.wsi.dicom_series import series_levels
from tests.outputs.conftest import SIZE
from tests.outputs.dicom_parts import dciodvfy_faults, filled, overlap_of, read_masks
from tests.outputs.label_parts import blobs, label_map, pieces_of

NAMES = ["background", "gland", "Tumour"]
PROVENANCE = Provenance("slide", checkpoint_hash="0123456789abcdef")
_SAME = ("StudyInstanceUID", "FrameOfReferenceUID", "ImageOrientationSlide")


def label_map_of(scale=2.0, labels=None):
    if labels is None:
        labels = blobs(round(SIZE[1] / scale), round(SIZE[0] / scale), sigma=12)
    return label_map(labels, scale=scale, mpp=0.5 * scale, size=SIZE)


def written(tmp_path, dicom, found):
    path = tmp_path / "seg" / "a.dcm"
    write_dicom_seg(path, found, NAMES, dicom.info, "our model", PROVENANCE)
    return path


@pytest.mark.parametrize("scale", [1.0, 2.5])
def test_masks_are_the_label_map(scale, tmp_path, dicom):
    found = label_map_of(scale)
    masks = read_masks(written(tmp_path, dicom, found))
    assert list(masks) == NAMES[1:]
    for label, name in enumerate(NAMES[1:], start=1):
        assert (found.labels == label).any()
        np.testing.assert_array_equal(masks[name], found.labels == label)


def test_masks_overlap_with_the_polygons_of_the_geojson(tmp_path, dicom):
    found = label_map_of(2.0)
    rules = OutlineRules(tolerance_um=0.0)
    write_label_geojson(tmp_path / "a.geojson", found, pieces_of(found), NAMES, rules)
    document = json.loads((tmp_path / "a.geojson").read_text())
    masks = read_masks(written(tmp_path, dicom, found))
    for name in NAMES[1:]:
        polygons = [
            [np.array(ring) for ring in feature["geometry"]["coordinates"]]
            for feature in document["features"]
            if feature["properties"]["classification"]["name"] == name
        ]
        drawn = filled(polygons, found.labels.shape, found.scale)
        assert drawn.sum() > 10_000
        assert overlap_of(masks[name], drawn) >= 0.999


def test_it_lies_in_the_frame_of_its_slide(tmp_path, dicom, dicom_folder):
    source = pydicom.dcmread(series_levels(dicom_folder)[0].path)
    made = pydicom.dcmread(written(tmp_path, dicom, label_map_of(2.0)))
    assert [made[name].value for name in _SAME] == [source[name].value for name in _SAME]
    one, other = (data.TotalPixelMatrixOriginSequence[0] for data in (made, source))
    assert one.XOffsetInSlideCoordinateSystem == other.XOffsetInSlideCoordinateSystem == 25
    assert one.YOffsetInSlideCoordinateSystem == other.YOffsetInSlideCoordinateSystem == 50
    spacing = made.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
    assert spacing == pytest.approx([0.001, 0.001])
    assert (made.TotalPixelMatrixColumns, made.TotalPixelMatrixRows) == (SIZE[0] / 2, SIZE[1] / 2)
    (series,) = made.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == source.SeriesInstanceUID != made.SeriesInstanceUID
    (instance,) = series.ReferencedInstanceSequence
    assert instance.ReferencedSOPInstanceUID == source.SOPInstanceUID


def test_segments_say_what_they_are_and_who_made_them(tmp_path, dicom):
    made = pydicom.dcmread(written(tmp_path, dicom, label_map_of()))
    kinds = [item.SegmentedPropertyTypeCodeSequence[0] for item in made.SegmentSequence]
    assert [(kind.CodeValue, kind.CodingSchemeDesignator) for kind in kinds] == [
        ("gland", "99MONAIEXT"),
        ("108369006", "SCT"),
    ]
    algorithm = made.SegmentSequence[0].SegmentationAlgorithmIdentificationSequence[0]
    assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == (
        "our model",
        PROVENANCE.checkpoint_hash,
    )
    assert PROVENANCE.id in algorithm.AlgorithmParameters
    assert made.DeviceSerialNumber == PROVENANCE.id


def test_nothing_found_is_an_empty_segmentation(tmp_path, dicom, caplog):
    found = label_map_of(4.0, np.zeros((175, 250), np.uint8))
    masks = read_masks(written(tmp_path, dicom, found))
    assert [(name, mask.shape, mask.any()) for name, mask in masks.items()] == [
        (name, (175, 250), False) for name in NAMES[1:]
    ]
    assert [record for record in caplog.records if record.levelname == "WARNING"] == []


def test_another_slide_than_dicom_is_refused(tmp_path, slide):
    with pytest.raises(SlideError, match=r"is no DICOM slide \(generic-tiff\).*wsidicomizer"):
        write_dicom_seg(tmp_path / "a.dcm", label_map_of(), NAMES, slide.info, "x", PROVENANCE)
    assert list(tmp_path.iterdir()) == []


def test_validator_finds_no_fault(tmp_path, dicom):
    assert dciodvfy_faults(written(tmp_path, dicom, label_map_of())) == []
