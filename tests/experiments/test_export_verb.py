"""The verb finds the model, chooses a place, and says what it wrote."""

import pytest

from monai_ext.errors import SettingError
from monai_ext.experiments import export_verb
from monai_ext.experiments.export_verb import export


@pytest.fixture
def calls(monkeypatch):
    found = []

    def note(*given):
        found.append(given)
        return 1e-6

    monkeypatch.setattr(export_verb, "export_model", note)
    monkeypatch.setattr(export_verb, "write_wsinfer", note)
    return found


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "inference.json").write_text('{"ckpt_path": "x"}')
    (folder / "model.pt").touch()
    return folder


def test_files_lie_beside_the_weights(calls, run):
    said = export(run, "pt2", overrides={"a": 1})
    assert said == (
        f"{run}/model.pt2: 20 inputs of different sizes give the network's output within 1e-06"
    )
    model, form, path, overrides = calls[0]
    assert (model.weights, form, path, overrides) == (
        run / "model.pt",
        "pt2",
        run / "model.pt2",
        {"a": 1},
    )


def test_names_of_files(calls, run, tmp_path):
    for given, wanted in ((tmp_path, "model.ts"), (tmp_path / "lung", "lung.ts")):
        export(run, "ts", given)
        assert calls[-1][2] == tmp_path / wanted
    with pytest.raises(SettingError, match=r"lung\.pt2\. Rule: the file ends in \.ts"):
        export(run, "ts", tmp_path / "lung.pt2")


def test_wsinfer_is_a_folder(calls, run, tmp_path):
    assert "within 1e-06" in export(run, "wsinfer", overrides={"checkpoint": "w.pt"})
    assert calls[0][1:] == (run / "wsinfer", {"checkpoint": "w.pt"})
    export(run, "wsinfer", tmp_path / "own")
    assert calls[1][1:] == (tmp_path / "own", {})


def test_a_bundle_by_its_name(calls):
    export("pathology_tile_feature_extraction", "onnx")
    model, _, path, _ = calls[0]
    assert model.weights is None
    assert path.parts[-3:] == ("pathology_tile_feature_extraction", "models", "model.onnx")


def test_untrained_bundles_and_other_formats_are_refused(calls):
    with pytest.raises(SettingError, match=r"has no models/model\.pt"):
        export("pathology_m2otca_classification")
    with pytest.raises(SettingError, match="no bundle nowhere found"):
        export("nowhere")
    with pytest.raises(SettingError, match=r"--format h5\. Rule: it is ts, pt2, onnx or wsinfer"):
        export("pathology_m2otca_classification", "h5")
    assert not calls
