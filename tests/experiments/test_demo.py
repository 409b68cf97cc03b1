"""The demo's steps on a few small slides, with a random encoder."""

import csv
import json
from collections import Counter

import pytest

from monai_ext.experiments import demo
from monai_ext.experiments.demo import SETTINGS


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    asked = json.loads(SETTINGS.read_text())
    asked["slides"] = 20
    asked["slide"] |= {"size_px": 1024, "blob_um": 110.0, "lesion_um": 50.0, "lesions": [1, 2]}
    asked["extraction"] |= {"encoder": "tiny"}
    asked["training"] |= {"epochs": 2}
    (folder / "settings.json").write_text(json.dumps(asked))
    text = demo(folder / "out", settings=folder / "settings.json")
    return folder / "out", folder / "settings.json", text


def rows(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_text_has_table_findings_and_paths_that_exist(made):
    output, _, text = made
    assert "M2OTCA" in text
    assert "mean pool + logistic" in text
    assert "Attention against planted tiles: AUC" in text
    paths = [
        line.split(": ", 1)[1] for line in text.splitlines() if line.startswith("With planted")
    ]
    assert paths
    for path in paths:
        assert (output / path).exists() or (output.parent / path).exists()
    assert list((output / "sample/heatmaps").glob("*.png"))


def test_every_slide_is_held_out_once(made):
    output, _, _ = made
    slides = {row["slide"] for row in rows(output / "cohort.csv")}
    assert {row["slide"] for row in rows(output / "m2otca/predictions.csv")} == slides
    maps = {p.name.removesuffix("_heatmap.png") for p in output.glob("m2otca/*/heatmaps/*.png")}
    assert maps == slides


def test_control_labels_say_nothing_about_the_true_ones(made):
    output, _, _ = made
    true = {row["patient"]: row["label"] for row in rows(output / "cohort.csv")}
    control = {row["patient"]: row["label"] for row in rows(output / "cohort_shuffled.csv")}
    for label in ("normal", "lesion"):
        new = Counter(control[name] for name in true if true[name] == label)
        assert abs(new["normal"] - new["lesion"]) <= 1


def test_second_run_keeps_what_is_there(made):
    output, settings, _ = made
    before = (output / "m2otca/fold0/model.pt").stat().st_mtime_ns
    demo(output, settings=settings)
    assert (output / "m2otca/fold0/model.pt").stat().st_mtime_ns == before
