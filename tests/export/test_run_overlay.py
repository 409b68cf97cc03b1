"""Files of a run in the bundle's places."""

import json

import pytest

from monai_ext.errors import BundleError
from monai_ext.export import run_overlay


@pytest.fixture
def run(bundle, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    inference = json.loads((bundle / "configs/inference.json").read_text())
    inference |= {"ckpt_path": str(folder / "model.pt"), "hidden_dim": 16}
    (folder / "inference.json").write_text(json.dumps(inference))
    (folder / "metadata.json").write_text((bundle / "configs/metadata.json").read_text())
    (folder / "run.json").write_text(json.dumps({"bundle": bundle.name}))
    (folder / "model.pt").write_bytes(b"weights")
    return folder


def test_values_are_the_runs_and_the_checkpoint_the_bundles(bundle, run):
    found = run_overlay(bundle, run)
    assert found["models/model.pt"] == run / "model.pt"
    inference = json.loads(found["configs/inference.json"])
    assert inference["hidden_dim"] == 16
    assert inference["ckpt_path"] == "$str(@bundle_root) + '/models/model.pt'"
    assert str(run) not in json.dumps(inference)
    assert set(found) == {
        "models/model.pt",
        "configs/inference.json",
        "configs/metadata.json",
        "docs/run.json",
    }


def test_a_run_of_another_bundle_or_half_a_run_is_refused(bundle, run):
    (run / "run.json").write_text(json.dumps({"bundle": "pathology_other"}))
    with pytest.raises(BundleError, match="is a run of pathology_other"):
        run_overlay(bundle, run)
    (run / "model.pt").unlink()
    with pytest.raises(BundleError, match=r"has no model.pt"):
        run_overlay(bundle, run)
