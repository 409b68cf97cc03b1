"""From end to end on invented images: a round asks, is answered, learns and is scored."""

import json

import pytest
import torch

from monai_ext.data.csv_table import read_table
from monai_ext.engines.segment_region import Box
from monai_ext.export import find_model
from monai_ext.label.active_grid import run_grid
from monai_ext.label.active_round import run_round
from monai_ext.label.active_settings import ALL, START, ActiveCell
from monai_ext.label.next_region import next_region
from monai_ext.label.next_square import STRATEGIES
from monai_ext.label.served_segmenter import ServedSegmenter
from monai_ext.label.simulated_annotator import SimulatedAnnotator
from monai_ext.label.square_list import read_squares
from tests.label.active_parts import SETTINGS, write_task


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    return write_task(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="module")
def seed0(task, tmp_path_factory):
    folder = tmp_path_factory.mktemp("grid") / "active"
    assert len(list(run_grid(task, SETTINGS, [0], folder))) == 5
    return folder / "seed0"


def facts(folder):
    return json.loads((folder / "facts.json").read_text())


def weights(folder):
    return torch.load(folder / "model/model.pt", weights_only=True)["head.weight"]


def test_every_round_is_annotated_trained_and_scored(seed0):
    start = seed0 / START / "round0"
    first = read_squares(start / "squares.csv")
    assert (len(first), facts(start)["steps"], facts(start)["pixels"]) == (2, 4, 2 * 64 * 64)
    for strategy in (*STRATEGIES, ALL):
        folder = seed0 / strategy / "round1"
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


def test_squares_are_those_that_a_server_would_give(seed0, task, tmp_path):
    start = seed0 / START / "round0"
    served = ServedSegmenter(find_model(start / "model"), task.mpp)
    for strategy in STRATEGIES:
        annotator = SimulatedAnnotator(task.pool, task.class_names, tmp_path / strategy)
        annotator.annotate(read_squares(start / "squares.csv"))
        for count in (2, 3):
            given = {"edge_px": 64, "limit": SETTINGS.limit, "seed": count}
            answer = next_region(strategy, served, annotator.images, **given)
            annotator.annotate([(answer["id"], Box(*answer["bbox"]))])
        written = read_squares(seed0 / strategy / "round1/squares.csv")
        assert annotator.squares == written


def test_a_round_run_again_gives_the_same_network_and_scores(seed0, task, tmp_path):
    cell = ActiveCell(0, "coverage", 1)
    run_round(task, SETTINGS, cell, tmp_path / "again", seed0 / START / "round0")
    before = seed0 / "coverage/round1"
    assert torch.equal(weights(tmp_path / "again"), weights(before))
    assert (tmp_path / "again/scores.csv").read_text() == (before / "scores.csv").read_text()


def test_another_seed_draws_and_learns_otherwise(seed0, task, tmp_path):
    run_round(task, SETTINGS, ActiveCell(1, START, 0), tmp_path / "start", None)
    start = seed0 / START / "round0"
    assert read_squares(tmp_path / "start/squares.csv") != read_squares(start / "squares.csv")
    assert not torch.equal(weights(tmp_path / "start"), weights(start))
