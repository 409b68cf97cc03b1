"""SRMIL through its bundle: switches, controls, places and pictures."""

import csv
import json
import shutil

import h5py
import pytest

from monai_ext.experiments import predict
from monai_ext.outputs import read_predictions
from tests.bundles.test_contract import BUNDLES, read
from tests.bundles.test_training import last, rows, train

BUNDLE = next(b for b in BUNDLES if b.name == "pathology_srmil_classification")
SWITCHES = [
    {"spatial": "shuffled"},
    {"spatial": "none", "reformer": "identity"},
    {"readout": "lse", "learn_temperature": True},
    {"readout": "attention", "graph_encoder": "gcn", "decoder": "gin"},
    {"use_rec": False, "use_corrupt_ce": False},
    {"remask": "random", "share_masked_pass": True, "n_super": 2},
]


def test_every_setting_reaches_network_or_objective_and_the_run():
    config = read(BUNDLE / "configs/train.json")
    assert read(BUNDLE / "configs/inference.json")["network_def"] == config["network_def"]
    values = set(config["run_files"]["values"])
    used = {v[1:] for v in config["network_def"].values() if str(v).startswith("@")}
    assert used <= values
    used |= {v[1:] for v in config["objective_def"].values() if str(v).startswith("@")}
    ids = list(config)
    own = ids[ids.index("heads") : ids.index("standardize")]
    assert {key for key in own if not key.startswith("_desc_")} <= used


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_switches_train_resume_and_predict(switches, toy_cohort, tmp_path):
    few = {**switches, "epochs": 2}
    train(BUNDLE, toy_cohort, tmp_path / "whole", **few)
    train(BUNDLE, toy_cohort, tmp_path / "parts", **few, **{"train#trainer#max_epochs": 1})
    train(BUNDLE, toy_cohort, tmp_path / "parts", **few, resume="True")
    assert last(tmp_path / "parts") == last(tmp_path / "whole")
    assert len(rows(tmp_path / "whole")) == 2
    record = json.loads((tmp_path / "whole/inference.json").read_text())
    assert {k: record[k] for k in switches if k in record}.items() <= switches.items()
    predict(tmp_path / "whole", tmp_path / "out", features=toy_cohort / "features")
    found = read_predictions(tmp_path / "out/predictions.csv").probabilities()
    assert found.sum(1) == pytest.approx(1)
    assert found[:, 0].std() > 1e-4


def test_shuffled_places_are_one_key_away_at_test_too(toy_cohort, tmp_path):
    train(BUNDLE, toy_cohort, tmp_path / "run", epochs=3)
    for name in ("true", "shuffled", "none"):
        folder = tmp_path / name
        given = {"overrides": {"spatial": name}}
        predict(tmp_path / "run", folder, features=toy_cohort / "features", **given)
    tables = {
        name: read_predictions(tmp_path / name / "predictions.csv").probabilities()
        for name in ("true", "shuffled", "none")
    }
    assert abs(tables["true"] - tables["shuffled"]).max() > 1e-4
    assert abs(tables["true"] - tables["none"]).max() > 1e-4


def test_heat_map_and_geojson_show_the_attention(toy_cohort, tmp_path):
    train(BUNDLE, toy_cohort, tmp_path / "run", epochs=1)
    pictures = {"heatmap": True, "geojson": True, "contact_sheet": False}
    predict(
        tmp_path / "run", tmp_path / "out", features=toy_cohort / "features", overrides=pictures
    )
    drawn = sorted((tmp_path / "out/heatmaps").glob("*.png"))
    assert len(drawn) == 16
    text = next((tmp_path / "out/geojson").glob("*.geojson")).read_text()
    tiles = json.loads(text)["features"]
    assert len(tiles) == 64
    attention = [tile["properties"]["measurements"]["attention"] for tile in tiles]
    assert sum(attention) == pytest.approx(1, abs=1e-3)
    assert max(attention) > 1.01 * min(attention)


@pytest.fixture
def off_grid(toy_cohort, tmp_path):
    """The cohort, one slide's tiles 0.3 step off the grid, as a contour's own grid may be."""
    folder = tmp_path / "cohort"
    shutil.copytree(toy_cohort, folder)
    split = json.loads((folder / "splits/fold0.json").read_text())
    slide = split["training"][0]["slide"]
    for path in (folder / "features").rglob(f"{slide}.h5"):
        with h5py.File(path, "r+") as file:
            step = int(file["coords"].attrs["patch_size_level0"])
            file["coords"][10:] = file["coords"][10:] + round(0.3 * step)
    return folder, slide


def test_places_off_the_grid_end_training_in_one_line_that_names_the_slide(off_grid, tmp_path):
    folder, slide = off_grid
    with pytest.raises(
        SystemExit, match=rf"slide '{slide}' lie up to 0\.30 steps of 256 px off"
    ) as end:
        train(BUNDLE, folder, tmp_path / "run", epochs=1)
    assert "\n" not in str(end.value)
    assert "Repair" in str(end.value)


def test_places_off_the_grid_cost_a_prediction_one_slide(off_grid, toy_cohort, tmp_path):
    folder, slide = off_grid
    train(BUNDLE, toy_cohort, tmp_path / "run", epochs=1)
    with pytest.raises(SystemExit) as end:
        predict(tmp_path / "run", tmp_path / "out", features=folder / "features")
    assert end.value.code == 3
    with (tmp_path / "out/failed.csv").open() as stream:
        failed = list(csv.DictReader(stream))
    assert [row["slide"] for row in failed] == [slide]
    assert "off the grid" in str(failed)
    assert len(read_predictions(tmp_path / "out/predictions.csv").rows) == 15
