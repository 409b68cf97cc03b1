"""A classifier run on a DICOM slide writes its attention as DICOM, if asked for."""

import json

import pytest
from monai.bundle import ConfigWorkflow

from tests.bundles.test_contract import BUNDLES, name, read
from tests.dicom_slides import PATIENT, dicom_slide
from tests.engines.tiny_extraction import add_slide
from tests.label.label_parts import write_classifier
from tests.outputs.dicom_parts import read_groups

DRAWING = [b for b in BUNDLES if "pictures" in read(b / "configs/inference.json")]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return write_classifier(folder / "abmil")


def test_attention_of_a_dicom_slide_is_annotations_of_its_tiles(run, tmp_path):
    dicom_slide(add_slide(tmp_path, "a.tif"), tmp_path / "slides/case 7")
    config = json.loads((run / "inference.json").read_text())
    assert config["dicom_annotations"] is False
    given = {"dataset_dir": str(tmp_path / "slides"), "output_dir": str(tmp_path / "out")}
    given |= {"ckpt_path": str(run / "model.pt"), "device": "$torch.device('cpu')"}
    made = ConfigWorkflow(
        str(run / "inference.json"), workflow_type="infer", **given, dicom_annotations=True
    )
    made.initialize()
    made.run()
    out = tmp_path / "out"
    features = json.loads((out / "geojson/case 7.geojson").read_text())["features"]
    path = out / "dicom_annotations/case 7.dcm"
    ((rings, measured),) = read_groups(path).values()
    assert len(rings) == len(features) > 20
    values = [feature["properties"]["measurements"]["attention"] for feature in features]
    assert measured["attention", "1"] == pytest.approx(values, rel=1e-6)
    assert b"pathology_mil_baselines_classification" in path.read_bytes()
    written = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert len(written) > 10
    for value in PATIENT.values():
        assert [str(path) for path, data in written.items() if value.encode() in data] == []


@pytest.mark.parametrize("bundle", DRAWING, ids=name)
def test_every_classifier_can_and_names_itself(bundle):
    config = read(bundle / "configs/inference.json")
    assert config["dicom_annotations"] is False
    assert config["pictures"]["dicom_annotations"] == "@dicom_annotations"
    assert config["pictures"]["algorithm"] == "@algorithm"
    assert config["algorithm"] == bundle.name


def test_there_are_classifiers():
    assert len(DRAWING) >= 4
