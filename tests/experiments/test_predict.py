"""A run folder's own inference config gets the input, the output and the run's checkpoint."""

import ast
import json

import pytest

from monai_ext.errors import SettingError
from monai_ext.experiments.predict import predict

pytestmark = pytest.mark.usefixtures("trusted")  # the config is the tests' own
SEEN = ("dataset_dir", "slides_dir", "output_dir", "ckpt_path", "batch")


@pytest.fixture
def run(tmp_path):
    """A run folder whose inference writes the values it was started with."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "model.pt").touch()
    values = ", ".join(f"'{name}': @{name}" for name in SEEN)
    step = f"$open(@output_dir + '/seen.txt', 'w').write(repr({{{values}}}))"
    config = {**dict.fromkeys(SEEN), "initialize": [], "run": [step], "finalize": []}
    (folder / "inference.json").write_text(json.dumps(config))
    (tmp_path / "out").mkdir()
    return folder


def seen(run, **kwargs):
    predict(run, run.parent / "out", **kwargs)
    return ast.literal_eval((run.parent / "out/seen.txt").read_text())


def test_features_are_the_input_and_slides_lie_behind_the_pictures(run, tmp_path):
    found = seen(run, features=tmp_path / "f", slides=tmp_path / "s")
    assert (found["dataset_dir"], found["slides_dir"]) == (f"{tmp_path}/f", f"{tmp_path}/s")


def test_slides_alone_are_the_input(run, tmp_path):
    found = seen(run, slides=tmp_path / "s")
    assert (found["dataset_dir"], found["slides_dir"]) == (f"{tmp_path}/s", f"{tmp_path}/s")


def test_features_alone_give_no_slides(run, tmp_path):
    assert seen(run, features=tmp_path / "f")["slides_dir"] is None


def test_overrides_reach_the_config_but_not_the_checkpoint(run, tmp_path):
    overrides = {"batch": 5, "ckpt_path": "/elsewhere/model.pt"}
    found = seen(run, features=tmp_path, overrides=overrides)
    assert (found["batch"], found["ckpt_path"]) == (5, f"{run}/model.pt")


def test_an_id_that_the_run_does_not_have_is_refused(run, tmp_path):
    with pytest.raises(SettingError, match=r"has no bach\. .*did you mean batch"):
        predict(run, tmp_path / "out", features=tmp_path, overrides={"bach": 5})
    with pytest.raises(SettingError, match=r"has no zzz#x\. .*train it again"):
        predict(run, tmp_path / "out", features=tmp_path, overrides={"zzz#x": 5})


def test_answer_counts_what_was_written_and_is_silent_about_the_rest(run, tmp_path):
    out = tmp_path / "out"
    names = [
        "predictions.csv",
        "heatmaps/a_heatmap.png",
        "heatmaps/b_heatmap.png",
        "geojson/a.geojson",
        "x/a.png",
    ]
    for name in names:
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).touch()
    assert predict(run, out, features=tmp_path).splitlines() == [
        f"{out}/predictions.csv",
        f"2 heat maps in {out}",
        f"1 QuPath GeoJSON in {out}",
    ]


def test_folder_that_is_no_run_is_named_with_what_it_lacks(run, tmp_path):
    (run / "model.pt").unlink()
    with pytest.raises(SettingError, match=r"run has no model\.pt\. Rule: a run folder is"):
        predict(run, tmp_path, features=tmp_path)


def as_bundle(run):
    """The run's files in a bundle's places."""
    for folder, name in (("configs", "inference.json"), ("models", "model.pt")):
        (run / folder).mkdir()
        (run / name).rename(run / folder / name)


def test_an_unpacked_bundle_is_a_model_too(run, tmp_path):
    as_bundle(run)
    found = seen(run, features=tmp_path)
    assert found["ckpt_path"] == f"{run}/models/model.pt"
    (run / "models/model.pt").unlink()
    with pytest.raises(SettingError, match=r"run has no models/model\.pt\. "):
        predict(run, tmp_path, features=tmp_path)


def test_demonstration_weights_are_asked_for_by_name(run, tmp_path):
    as_bundle(run)
    (run / "configs/metadata.json").write_text(json.dumps({"version": "0.1.0-demo"}))
    with pytest.raises(SettingError, match="may be real"):
        predict(run, tmp_path, features=tmp_path)
    assert seen(run, features=tmp_path, allow_demo=True)


def test_no_input_is_refused(run, tmp_path):
    with pytest.raises(SettingError, match=r"^no input\. .* give --slides or --features\.$"):
        predict(run, tmp_path)
