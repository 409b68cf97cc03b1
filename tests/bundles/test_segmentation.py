"""The segmentation config, run on slides and images as a user runs it."""

import csv
import json
import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.bundle import ConfigWorkflow
from PIL import Image
from shapely.geometry import shape

import monai_ext
from monai_ext.data.failures import read_failures
from monai_ext.networks.nets.transuni import TransUNi
from monai_ext.testing.slide_damage import truncate_file
from monai_ext.testing.tiny_slides import write_tiny_slide
from tests.dicom_slides import PATIENT, dicom_slide
from tests.engines.segment_parts import saved
from tests.outputs.dicom_parts import filled, overlap_of, read_groups, read_masks

ROOT = Path(monai_ext.__file__).resolve().parents[1]
CONFIG = ROOT / "bundles/pathology_mpamatch_segmentation/configs/inference.json"
WIDTHS = [8, 8, 8, 8, 8]
TISSUE = {"closing_um": 0.0, "min_object_um2": 100.0, "max_hole_um2": 100.0, "thumbnail_mpp": 2.0}


class RedAbove(torch.nn.Module):
    """Class 1 where red is above 150 and green below 120; it has one weight, for the checkpoint."""

    def __init__(self):
        super().__init__()
        self.bias = torch.nn.Parameter(torch.zeros(1))

    def forward(self, image):
        red, green, _ = image.unbind(1)
        gland = torch.minimum(red - 150, 120 - green) / 4
        return torch.stack([torch.zeros_like(red), gland + self.bias], 1)


def picture():
    """Glass, pink tissue, one square gland at (64, 48) to (160, 144) with a lumen."""
    image = np.full((256, 320, 3), 245, np.uint8)
    image[16:240, 16:304] = (230, 170, 200)
    image[48:144, 64:160] = (190, 80, 150)
    image[80:112, 96:128] = (230, 170, 200)
    return image


@pytest.fixture
def slides(tmp_path):
    folder = tmp_path / "slides #1"
    folder.mkdir()
    write_tiny_slide(folder / "good.tif", picture(), mpp=0.5, quality=95)
    saved(folder / "plain.png", picture())
    (tmp_path / "mpp.csv").write_text("slide,mpp\nplain,0.5\n")
    torch.save(RedAbove().state_dict(), tmp_path / "model.pt")
    return folder


def workflow(tmp_path, **changes):
    given = {
        "dataset_dir": str(tmp_path / "slides #1"),
        "output_dir": str(tmp_path / "out"),
        "ckpt_path": str(tmp_path / "model.pt"),
        "cohort": str(tmp_path / "mpp.csv"),
        "network_def": {"_target_": "tests.bundles.test_segmentation.RedAbove"},
        "roi_px": 64,
        "target_mpp": 1.0,
        "tissue": TISSUE,
        "bundle_root": str(CONFIG.parents[1]),
        "device": "$torch.device('cpu')",
    }
    return ConfigWorkflow(str(CONFIG), workflow_type="infer", **{**given, **changes})


def run(tmp_path, **changes):
    made = workflow(tmp_path, **changes)
    made.initialize()
    code = 0
    try:
        made.run()
    except SystemExit as ending:
        code = ending.code
    return code, {row["slide"]: row for row in rows(tmp_path)}


def rows(tmp_path):
    with (tmp_path / "out/segmentation.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_config_has_the_properties_that_monai_asks_for(slides, tmp_path):
    made = workflow(tmp_path)
    made.initialize()
    assert made.check_properties() == []


def test_config_builds_the_network_that_it_names(tmp_path):
    made = workflow(tmp_path, network_def="%" + f"{CONFIG}::network_def", decoder_channels=WIDTHS)
    made.initialize()
    network = made.parser.get_parsed_content("network")
    assert isinstance(network, TransUNi)
    assert network(torch.zeros(1, 3, 40, 33)).shape == (1, 2, 40, 33)


def test_slides_and_images_end_as_polygons_in_the_right_place(slides, tmp_path):
    code, table = run(tmp_path, split_hash="of the run")
    assert code == 0
    assert list(table) == ["good", "plain"]
    for name in table:
        document = json.loads((tmp_path / f"out/geojson/{name}.geojson").read_text())
        (feature,) = document["features"]
        polygon = shape(feature["geometry"])
        assert polygon.bounds == pytest.approx((64, 48, 160, 144), abs=2)
        assert len(polygon.interiors) == 1
        area = (96 * 96 - 32 * 32) * 0.25
        assert feature["properties"]["measurements"]["area um2"] == pytest.approx(area, rel=0.03)
        assert float(table[name]["mm2_gland"]) == pytest.approx(area / 1e6, rel=0.03)
        assert table[name]["components"] == "1"
        assert document["provenance"]["id"] == table[name]["provenance"]
        assert document["provenance"]["encoder_id"] == "efficientnet_lite0"
        assert document["provenance"]["split_hash"] == "of the run"
        assert (tmp_path / f"out/labels/{name}.tif").is_file()
        assert (tmp_path / f"out/overlays/{name}_overlay.png").is_file()
    assert not (tmp_path / "out/nifti").exists()


def test_bad_slides_end_in_failed_csv_with_3_and_only_they_are_done_again(slides, tmp_path):
    good = (slides / "good.tif").read_bytes()
    (slides / "cut.tif").write_bytes(good)
    truncate_file(slides / "cut.tif", 0.3)
    saved(slides / "lost.png", picture())  # no mpp
    code, table = run(tmp_path)
    assert (code, list(table)) == (3, ["good", "plain"])
    failed = read_failures(tmp_path / "out/failed.csv")
    assert list(failed) == ["cut", "lost"]
    assert "no um a pixel (mpp)" in failed["lost"]
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.*on")}
    assert len(before) == 2
    (slides / "cut.tif").write_bytes(good)
    (slides / "lost.png").unlink()
    code, table = run(tmp_path)
    assert (code, list(table)) == (0, ["cut", "good", "plain"])
    assert list(read_failures(tmp_path / "out/failed.csv")) == ["lost"]  # not seen since
    after = {path: path.stat().st_mtime_ns for path in before}
    assert after == before


def test_another_request_or_checkpoint_is_done_again(slides, tmp_path):
    _, first = run(tmp_path)
    _, same = run(tmp_path)
    assert first == same
    _, other = run(tmp_path, overlap=0.5)
    weights = RedAbove().state_dict()
    weights["bias"] += 1
    torch.save(weights, tmp_path / "model.pt")
    _, third = run(tmp_path, overlap=0.5)
    (tmp_path / "out/labels/good.tif").unlink()
    run(tmp_path, overlap=0.5)
    ids = {table["good"]["provenance"] for table in (first, other, third)}
    assert len(ids) == 3
    assert (tmp_path / "out/labels/good.tif").is_file()


def test_checkpoint_of_another_network_is_one_line(slides, tmp_path):
    torch.save({"other": torch.zeros(2)}, tmp_path / "model.pt")
    made = workflow(tmp_path)
    made.initialize()
    with pytest.raises(SystemExit, match=r"model\.pt is of another network"):
        made.run()


def test_nothing_to_segment_is_one_line(slides, tmp_path):
    (tmp_path / "empty").mkdir()
    made = workflow(tmp_path, dataset_dir=str(tmp_path / "empty"))
    made.initialize()
    with pytest.raises(SystemExit, match=r"^SettingError: no slide and no image in"):
        made.run()


def test_images_of_any_kind_end_as_files_or_as_reasons(slides, tmp_path):
    for path in slides.iterdir():
        path.unlink()
    saved(slides / "one.png", picture()[60:61, 70:71])
    opaque = np.full((*picture().shape[:2], 1), 255, np.uint8)
    saved(slides / "alpha.png", np.concatenate([picture(), opaque], 2))
    saved(slides / "clear.png", np.concatenate([picture(), opaque // 2], 2))
    saved(slides / "deep.png", picture()[..., 0].astype(np.uint16) * 257)
    code, table = run(tmp_path, cohort=None, mpp=0.5, target_mpp=0.5, nifti=True)
    assert (code, list(table)) == (3, ["alpha", "one"])
    assert [table["one"][f"components{end}"] for end in ("", "_gland")] == ["1", "1"]
    document = json.loads((tmp_path / "out/geojson/one.geojson").read_text())
    assert shape(document["features"][0]["geometry"]).bounds == (0, 0, 1, 1)
    assert (tmp_path / "out/nifti/one.nii.gz").is_file()
    failed = read_failures(tmp_path / "out/failed.csv")
    assert "is transparent somewhere" in failed["clear"]
    assert "has 16 bits a channel" in failed["deep"]


def test_dicom_slide_ends_as_dicom_and_others_are_told_why_not(slides, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    dicom_slide(slides / "good.tif", slides / "case 7")
    asked = {"dicom_seg": True, "dicom_annotations": True, "tolerance_um": 0.0}
    code, table = run(tmp_path, **asked)
    assert (code, list(table)) == (3, ["case 7"])
    failed = read_failures(tmp_path / "out/failed.csv")
    assert list(failed) == ["good", "plain"]
    assert all("is no DICOM slide" in reason for reason in failed.values())
    out = tmp_path / "out"
    (feature,) = json.loads((out / "geojson/case 7.geojson").read_text())["features"]
    gland = np.array(Image.open(out / "labels/case 7.tif")) == 1
    rings = [np.array(ring) for ring in feature["geometry"]["coordinates"]]
    drawn = filled([rings], gland.shape, 2)
    masks = read_masks(out / "dicom_seg/case 7.dcm")
    ((ring,), measured) = read_groups(out / "dicom_annotations/case 7.dcm")["gland"]
    read_back = filled([[ring]], gland.shape, 2)
    assert drawn.sum() > 1000
    assert min(overlap_of(drawn, masks["gland"]), overlap_of(drawn, read_back)) >= 0.999
    area = feature["properties"]["measurements"]["area um2"]
    assert measured["Area", "um2"] == pytest.approx([area])
    written = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    written |= {"log": caplog.text.encode()}
    assert len(written) == 8
    for value in PATIENT.values():
        assert [str(path) for path, data in written.items() if value.encode() in data] == []


def test_dicom_gives_the_polygons_of_the_original(slides, tmp_path):
    (slides / "plain.png").unlink()
    dicom_slide(slides / "good.tif", slides / "case 7")
    code, table = run(tmp_path)
    assert (code, list(table)) == (0, ["case 7", "good"])
    one, other = (json.loads((tmp_path / f"out/geojson/{n}.geojson").read_text()) for n in table)
    assert one["features"] == other["features"] != []
    assert one["provenance"]["slide_hash"] != other["provenance"]["slide_hash"]
