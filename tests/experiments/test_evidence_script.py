"""The evidence script: its arms fit its claims, runs are made once, tables show failures."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from monai_ext.experiments.evidence_claims import Claim
from monai_ext.experiments.fit_bags import FitSettings
from monai_ext.experiments.mil_unit_tests import UnitTestPlan

ROOT = Path(__file__).resolve().parents[2]
SHORT = FitSettings(epochs=1, learning_rate=1e-2, weight_decay=0.0, batch_size=16)


@pytest.fixture
def script(monkeypatch):
    spec = importlib.util.spec_from_file_location("evidence", ROOT / "scripts/evidence.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(__import__("sys").modules, "evidence", module)  # for its dataclasses
    spec.loader.exec_module(module)
    for name in ("FIT", "FEW_SHOT_FIT", "UNIT_TEST_FIT", "PRESENCE_FIT", "UCSB_FIT"):
        monkeypatch.setattr(module, name, SHORT)
    monkeypatch.setattr(module, "SIZES", replace(module.SIZES, training=4, test=8))
    return module


@pytest.mark.parametrize("name", ["_planted_arms", "_ablation_arms"])
def test_every_claim_has_its_runs(script, name):
    arms, claims = getattr(script, name)()
    made = {(arm.task, arm.name) for arm in arms}
    tasks = script.planted_tasks(script.SIZES)
    needed = {(c.task, c.arm) for c in claims} | {c.other for c in claims if c.other}
    assert needed <= made
    assert {arm.task for arm in arms} <= set(tasks)


def test_arms_of_one_name_are_the_same_run(script):
    """Ablations read the runs of ``planted`` from one file, so they must not differ."""
    arms = [*script._planted_arms()[0], *script._ablation_arms()[0]]
    by_name = {}
    for arm in arms:
        assert by_name.setdefault((arm.task, arm.name), arm) == arm


def test_every_arm_can_be_trained(script):
    arms = {
        (arm.task.split("_k")[0], arm.name): arm
        for arm in [*script._planted_arms()[0], *script._ablation_arms()[0]]
    }
    tasks = script.planted_tasks(script.SIZES)
    for arm in arms.values():
        draw = tasks[arm.task](0)
        method, fit = arm.prepared(draw)
        run = script.run_on_draw(method, draw, fit, 0)
        assert 0 <= run.auc <= 1


def test_options_reach_the_network(script):
    arms = {(a.task, a.name): a for a in [*script._planted_arms()[0], *script._ablation_arms()[0]]}
    tasks = script.planted_tasks(script.SIZES)

    def parts(task, name):
        draw = tasks[task](0)
        method, _ = arms[task, name].prepared(draw)
        return method.build(draw.shape), method.objective(draw.shape), draw

    assert not parts("contiguous", "srmil_no_reconstruction")[1].use_rec
    assert not parts("contiguous", "srmil_no_corrupted_ce")[1].use_corrupt_ce
    assert parts("contiguous", "srmil")[1].use_rec
    network, _, draw = parts("text_k4", "libra")
    assert not network.input_layers()
    torch.testing.assert_close(network.text_bank.detach(), draw.text[0])
    assert parts("text_k4", "libra_projected")[0].input_layers()
    assert len(parts("text_k4", "libra_no_vision")[0].vision_bank) == 0


def test_runs_are_made_once_and_failures_shown(script, tmp_path, monkeypatch, capsys):
    arms = script._arms("isolated", "max", "mean")
    claims = [
        Claim("beats", "isolated", "max", ("isolated", "max")),
        Claim("no_better", "isolated", "max", ("isolated", "max"), 0.05),
    ]
    monkeypatch.setattr(script, "_planted_arms", lambda: (arms, claims))
    script.planted(str(tmp_path), seeds=2, few_shot_seeds=1)
    lines = (tmp_path / "runs.csv").read_text()
    assert lines.count("isolated,max") == 2
    shown = (tmp_path / "planted.md").read_text()
    assert "1 of 2 claims passed, 1 failed." in shown
    assert "**failed**" in shown
    assert shown.strip() in capsys.readouterr().out
    numbers = json.loads((tmp_path / "planted.json").read_text())
    assert [row["is_met"] for row in numbers] == [False, True]
    monkeypatch.setattr(script, "run_on_draw", None)
    script.planted(str(tmp_path), seeds=2, few_shot_seeds=1)
    assert (tmp_path / "runs.csv").read_text() == lines
    assert (tmp_path / "planted.md").read_text() == shown


def test_unit_tests_report_training_and_test(script, tmp_path, monkeypatch):
    monkeypatch.setattr(script, "UNIT_TEST_PLAN", UnitTestPlan(4, 3, 6, 6))
    script.unit_tests(str(tmp_path), seeds=2, methods=("presence", "mean"))
    rows = (tmp_path / "unit_tests.md").read_text().splitlines()
    assert rows[0] == "| method | single_concept | multi_concept | false_frequency |"
    assert [row.split(" | ")[0] for row in rows[2:]] == ["| presence", "| mean"]
    assert len((tmp_path / "unit_tests.csv").read_text().splitlines()) == 1 + 2 * 3 * 2


def test_ucsb_says_what_was_left_out(script, tmp_path, monkeypatch, np_rng):
    folder = tmp_path / "data" / "mil-benchmarks"
    folder.mkdir(parents=True)
    np.savez(
        folder / "ucsb_breast_cancer.npz",
        instances=np_rng.normal(size=(48, 5)).astype(np.float32),
        bag_index=np.repeat(np.arange(24), 2).astype(np.int32),
        bag_labels=(np.arange(24) % 2).astype(np.int8),
    )
    monkeypatch.setenv("MONAI_EXT_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(script, "UCSB_METHODS", ("mean",))
    script.ucsb(str(tmp_path / "out"), seeds=2)
    shown = (tmp_path / "out" / "ucsb.md").read_text()
    assert "| srmil | left out: bags have 2 to 2 of 49 patches, no places |" in shown
    assert len((tmp_path / "out" / "ucsb.csv").read_text().splitlines()) == 1 + 2 * 2
