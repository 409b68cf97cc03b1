"""run.json round trip and refusals."""

import json

import pytest

from monai_ext.errors import SettingError
from monai_ext.outputs.run_json import RunRecord, read_run_json, write_run_json

RECORD = RunRecord(
    bundle="pathology_mil_baselines_classification",
    bundle_version="0.1.0",
    class_names=("normal", "tumour"),
    grid={"tile_px": 256, "mpps": [0.5, 1.0]},
    encoder_id="resnet50",
    weight_hash="aa",
    split_hash="bb",
    seed=3,
    extra={"m": 4},
)


def test_record_is_read_back(tmp_path):
    write_run_json(tmp_path, RECORD)
    assert read_run_json(tmp_path) == RECORD


def test_versions_of_libraries_are_filled_in():
    import torch

    assert RECORD.versions["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert {"python", "monai", "numpy", "monai-ext"} <= set(RECORD.versions)


def test_unknown_key_is_ignored_and_missing_key_named(tmp_path):
    path = write_run_json(tmp_path, RECORD)
    found = json.loads(path.read_text())
    path.write_text(json.dumps(found | {"later": 1}))
    assert read_run_json(tmp_path) == RECORD
    del found["seed"], found["grid"]
    path.write_text(json.dumps(found))
    with pytest.raises(SettingError, match="lacks grid, seed"):
        read_run_json(tmp_path)


@pytest.mark.parametrize("text", [None, "{"])
def test_missing_or_broken_file_is_refused(tmp_path, text):
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    with pytest.raises(SettingError, match=r"run.json cannot be read .*run folder holds"):
        read_run_json(tmp_path)
