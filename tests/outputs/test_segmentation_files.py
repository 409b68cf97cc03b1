"""What is written of a slide is what was asked for."""

import json

import pytest

from monai_ext.errors import SettingError
from monai_ext.outputs.provenance import Provenance
from monai_ext.outputs.segmentation_files import SegmentationFiles
from tests.outputs.conftest import SIZE
from tests.outputs.label_parts import blobs, label_map, pieces_of

NAMES = ["background", "gland", "stroma"]
KINDS = {
    "geojson": "geojson/a.geojson",
    "label_tiff": "labels/a.tif",
    "overlay": "overlays/a_overlay.png",
    "nifti": "nifti/a.nii.gz",
}


def written(folder, slide, **wanted):
    files = SegmentationFiles(**{**dict.fromkeys(KINDS, False), **wanted})
    found = label_map(blobs(SIZE[1] // 4, SIZE[0] // 4), scale=4.0, mpp=2.0, size=SIZE)
    files.write(folder, found, pieces_of(found), slide, NAMES, Provenance("x"))
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there == {str(path.relative_to(folder)) for path in files.paths(folder, "a")}
    return there


@pytest.mark.parametrize("kind", KINDS)
def test_each_file_is_written_only_if_wanted(kind, tmp_path, slide):
    assert written(tmp_path, slide, **{kind: "true"}) == {KINDS[kind]}


def test_nifti_is_off_and_the_others_are_on_by_default(tmp_path):
    names = {str(path.relative_to(tmp_path)) for path in SegmentationFiles().paths(tmp_path, "a")}
    assert names == set(KINDS.values()) - {KINDS["nifti"]}


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
