"""A small experiment from end to end: every round asks, is answered, learns and is scored."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from monai_ext.data.csv_table import read_table
from monai_ext.data.segmentation_datalist import write_segmentation_datalist
from monai_ext.engines.segment_region import Box
from monai_ext.errors import CohortError, SettingError
from monai_ext.export import find_model
from monai_ext.label import active_grid
from monai_ext.label.active_files import write_report
from monai_ext.label.active_grid import read_grid, run_grid
from monai_ext.label.active_settings import ALL, START, ActiveSettings, active_cells, read_task
from monai_ext.label.next_region import next_region
from monai_ext.label.next_square import STRATEGIES
from monai_ext.label.served_segmenter import ServedSegmenter
from monai_ext.label.simulated_annotator import SimulatedAnnotator
from monai_ext.label.square_list import read_squares
from monai_ext.testing.toy_masks import TOY_CLASSES, toy_image
from tests.label.label_parts import SEGMENTER

MODEL = {key: value for key, value in SEGMENTER.items() if key not in {"class_names", "read_px"}}
SETTINGS = ActiveSettings(
    rounds=(2, 4),
    first_steps=4,
    steps=2,
    edge_px=64,
    limit=6,
    model=MODEL,
    training={"batch_size": 4, "unlabelled_batch_size": 2, "squares": 1},
)


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    parts = {"training": [], "test": []}
    for k in range(5):
        image, mask = toy_image(rng, 64, 128)
        name, part = f"image{k}", "training" if k < 3 else "test"
        Image.fromarray(image).save(folder / f"{name}.png")
        Image.fromarray(mask).save(folder / f"{name}_truth.png")
        paths = {"image": str(folder / f"{name}.png"), "label": str(folder / f"{name}_truth.png")}
        parts[part].append({**paths, "slide": name, "patient": str(k), "mpp": 0.5})
    return read_task(write_segmentation_datalist(folder / "list.json", parts, TOY_CLASSES))


@pytest.fixture(scope="module")
def output(task, tmp_path_factory):
    folder = tmp_path_factory.mktemp("grid") / "active"
    assert list(run_grid(task, SETTINGS, [0], folder)) == active_cells(SETTINGS, 0)
    return folder


def facts(folder):
    return json.loads((folder / "facts.json").read_text())


def weights(folder):
    return torch.load(folder / "model/model.pt", weights_only=True)["head.weight"]


def test_every_round_is_annotated_trained_and_scored(output, task):
    start = output / "seed0" / START / "round0"
    first = read_squares(start / "squares.csv")
    assert (len(first), facts(start)["steps"], facts(start)["pixels"]) == (2, 4, 2 * 64 * 64)
    for strategy in (*STRATEGIES, ALL):
        folder = output / "seed0" / strategy / "round1"
        squares = read_squares(folder / "squares.csv")
        assert squares[:2] == first
        assert len(set(squares)) == len(squares) == (6 if strategy == ALL else 4)
        assert facts(folder)["pictures"] == len(squares)
        assert facts(folder)["unlabelled"] == 3 - len({name for name, _ in squares})
        assert facts(folder)["steps"] == 2
        assert not torch.equal(weights(folder), weights(start))
        rows = read_table(folder / "scores.csv", ["slide", "mdice"])
        assert [row["slide"] for row in rows] == ["image3", "image4"]
        assert not (folder / "training").exists()


def test_squares_are_those_that_a_server_would_give(output, task, tmp_path):
    start = output / "seed0" / START / "round0"
    served = ServedSegmenter(find_model(start / "model"), task.mpp)
    for strategy in STRATEGIES:
        annotator = SimulatedAnnotator(task.pool, task.class_names, tmp_path / strategy)
        annotator.annotate(read_squares(start / "squares.csv"))
        for count in (2, 3):
            given = {"edge_px": 64, "limit": 6, "seed": count}
            answer = next_region(strategy, served, annotator.images, **given)
            annotator.annotate([(answer["id"], Box(*answer["bbox"]))])
        written = read_squares(output / "seed0" / strategy / "round1/squares.csv")
        assert annotator.squares == written


def test_a_round_that_was_interrupted_starts_over_and_the_others_stay(output, task, monkeypatch):
    folder = output / "seed0/random/round1"
    before = (folder / "scores.csv").read_text()
    shutil.rmtree(folder)
    (folder.with_name(".round1") / "labels").mkdir(parents=True)
    runs, run = [], active_grid.run_round
    monkeypatch.setattr(
        active_grid, "run_round", lambda *given: runs.append(given[2]) or run(*given)
    )
    list(run_grid(task, SETTINGS, [0], output))
    assert [cell.name for cell in runs] == ["seed0/random/round1"]
    assert (folder / "scores.csv").read_text() == before
    assert not folder.with_name(".round1").exists()


def test_other_settings_are_refused(output, task):
    other = ActiveSettings(**{**SETTINGS.__dict__, "steps": 3})
    with pytest.raises(SettingError, match="other steps"):
        list(run_grid(task, other, [0], output))


def test_another_process_may_not_run_the_same_seed(output, task):
    with active_grid.claim(output, "seed0"), pytest.raises(SettingError, match="another process"):
        list(run_grid(task, SETTINGS, [0], output))


def test_the_report_is_of_these_scores(output, tmp_path):
    cells = read_grid(output)
    assert cells.keys() == {("squares_002", START)} | {
        ("squares_004", one) for one in (*STRATEGIES, ALL)
    }
    table = write_report(output, tmp_path / "kept")
    rows = read_table(tmp_path / "kept/active.csv", ["seed", "strategy", "mdice", "pixels"])
    assert len(rows) == 5
    for row in rows:
        name = "squares_002" if row["strategy"] == START else "squares_004"
        mean = cells[name, row["strategy"]].scores.mean()
        assert float(row["mdice"]) == pytest.approx(mean, abs=1e-4)
    text = table.read_text()
    again = write_report(None, tmp_path / "kept").read_text()
    assert again == text
    random = cells["squares_004", "random"].scores.mean()
    assert f"| 4 | {random:.3f} [" in text
    assert (tmp_path / "kept/active.png").stat().st_size > 5000


def test_a_report_needs_scores(tmp_path):
    with pytest.raises(SettingError, match=r"has no active\.json"):
        write_report(tmp_path, None)
    with pytest.raises(SettingError, match="neither output nor kept"):
        write_report(None, None)
    with pytest.raises(CohortError, match="no seed has all"):
        write_report(None, tmp_path)
