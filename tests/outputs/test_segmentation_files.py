"""What is written of a slide is what was asked for."""

import json

import numpy as np
import pytest

from monai_ext.errors import SettingError, SlideError
from monai_ext.outputs.provenance import Provenance
from monai_ext.outputs.segmentation_files import SegmentationFiles
from tests.outputs.conftest import SIZE
from tests.outputs.dicom_parts import filled, overlap_of, read_groups, read_masks
from tests.outputs.label_parts import blobs, label_map, pieces_of

NAMES = ["background", "gland", "stroma"]
KINDS = {
    "geojson": "geojson/a.geojson",
    "label_tiff": "labels/a.tif",
    "overlay": "overlays/a_overlay.png",
    "nifti": "nifti/a.nii.gz",
    "dicom_seg": "dicom_seg/a.dcm",
    "dicom_annotations": "dicom_annotations/a.dcm",
}


def written(folder, slide, **wanted):
    files = SegmentationFiles(**{**dict.fromkeys(KINDS, False), **wanted})
    found = label_map(blobs(SIZE[1] // 4, SIZE[0] // 4), scale=4.0, mpp=2.0, size=SIZE)
    files.write(folder, found, pieces_of(found), slide, NAMES, Provenance("x"))
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there == {str(path.relative_to(folder)) for path in files.paths(folder, "a")}
    return there


@pytest.mark.parametrize("kind", KINDS)
def test_each_file_is_written_only_if_wanted(kind, tmp_path, dicom):
    assert written(tmp_path, dicom, **{kind: "true"}) == {KINDS[kind]}


def test_nifti_and_dicom_are_off_and_the_others_are_on_by_default(tmp_path):
    names = {str(path.relative_to(tmp_path)) for path in SegmentationFiles().paths(tmp_path, "a")}
    assert names == {KINDS[kind] for kind in ("geojson", "label_tiff", "overlay")}


@pytest.mark.parametrize("kind", ["dicom_seg", "dicom_annotations"])
def test_dicom_is_for_dicom_slides(kind, tmp_path, slide, dicom):
    files = SegmentationFiles(**{kind: True})
    files.require(dicom.info)
    SegmentationFiles().require(slide.info)
    with pytest.raises(SlideError, match="is no DICOM slide"):
        files.require(slide.info)


def test_dicom_polygons_are_those_of_the_geojson_and_the_masks_are_the_label_map(tmp_path, dicom):
    kinds = dict.fromkeys(("geojson", "dicom_seg", "dicom_annotations"), True)
    written(tmp_path, dicom, tolerance_um=0.0, algorithm="gland finder", **kinds)
    features = json.loads((tmp_path / KINDS["geojson"]).read_text())["features"]
    groups = read_groups(tmp_path / KINDS["dicom_annotations"])
    masks = read_masks(tmp_path / KINDS["dicom_seg"])
    for name in NAMES[1:]:
        polygons = [
            [np.array(ring) for ring in feature["geometry"]["coordinates"]]
            for feature in features
            if feature["properties"]["classification"]["name"] == name
        ]
        drawn = filled(polygons, masks[name].shape, 4)
        read_back = filled([[ring] for ring in groups[name][0]], masks[name].shape, 4)
        assert drawn.sum() > 5_000
        assert overlap_of(drawn, read_back) >= 0.999
        assert overlap_of(drawn, masks[name]) >= 0.999
    assert b"gland finder" in (tmp_path / KINDS["dicom_seg"]).read_bytes()


def test_geojson_follows_the_rules_and_carries_provenance(tmp_path, slide):
    rules = {"tolerance_um": 0.0, "min_area_um2": 4000.0, "min_hole_um2": 50.0}
    written(tmp_path, slide, geojson=True, is_packed=False, **rules)
    document = json.loads((tmp_path / KINDS["geojson"]).read_text())
    assert {key: document["outlines"][key] for key in rules} == rules
    areas = [f["properties"]["measurements"]["area um2"] for f in document["features"]]
    assert min(areas) >= 4000
    assert document["provenance"]["id"] == Provenance("x").id
    assert written(tmp_path / "b", slide, geojson=True, is_packed=True) == {"geojson/a.geojson.gz"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tolerance_um": -1.0}, "tolerance_um=-1.0"),
        ({"min_area_um2": None}, "min_area_um2=None"),
        ({"min_hole_um2": "3"}, "min_hole_um2='3'"),
        ({"opacity": 1.5}, "opacity=1.5"),
        ({"long_side_px": 0}, "long_side_px=0"),
    ],
)
def test_what_cannot_be_drawn_is_refused(change, message):
    with pytest.raises(SettingError, match=message):
        SegmentationFiles(**change).verify()
    SegmentationFiles(tolerance_um=None).verify()
