"""Experiments on one trained run: transport settings, retrieval, several files of texts."""

import json

import pytest
import torch

from monai_ext.data import write_text_embeddings
from monai_ext.errors import SettingError
from monai_ext.experiments import run_bundle
from monai_ext.experiments.bank_retrieval import bank_retrieval
from monai_ext.experiments.held_out_bags import held_out_bags
from monai_ext.experiments.prompt_robustness import prompt_robustness
from monai_ext.experiments.text_control_table import BUNDLE
from monai_ext.experiments.transport_grid import transport_grid
from monai_ext.export import find_model, trained_network
from monai_ext.outputs import read_predictions
from tests.experiments.planted_texts import paraphrased, planted_texts, write_planted_cohort

QUICK = {"epochs": 2, "hidden_dim": 16, "num_vision_prototypes": 3, "learning_rate": 0.005}


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    folder, texts = tmp_path_factory.mktemp("planted"), planted_texts(1)
    write_text_embeddings(folder / "texts.safetensors", texts)
    write_text_embeddings(folder / "other.safetensors", paraphrased(texts, 0))
    write_planted_cohort(folder, texts, patients=16, seed=0)[1].unlink()
    return folder


def train(planted, run, **overrides):
    values = {
        "datalist": str(planted / "splits/fold0.json"), "output_dir": str(run),
        "text": str(planted / "texts.safetensors"), **QUICK, **overrides,
    }  # fmt: skip
    run_bundle(BUNDLE, ["train.json"], workflow_type="train", **values)
    return values


@pytest.fixture(scope="module")
def run(planted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "run"
    values = train(planted, folder)
    run_bundle(BUNDLE, ["train.json", "evaluate.json"], workflow_type="train", **values)
    return folder


@pytest.fixture
def datalist(planted):
    return planted / "splits/fold0.json"


def test_network_out_of_a_run_answers_as_the_evaluation_did(run, datalist):
    network = trained_network(find_model(run))
    table = read_predictions(run / "predictions.csv")
    named = {row.slide: row.probabilities for row in table.rows}
    slides = [item["slide"] for item in json.loads(datalist.read_text())["test"]]
    with torch.inference_mode():
        for slide, (bag, _) in zip(slides, held_out_bags(datalist), strict=True):
            found = network(bag).softmax(1)[0].tolist()
            assert found == pytest.approx(named[slide], abs=1e-5)
    with pytest.raises(SettingError, match="does not fit its network"):
        trained_network(find_model(run), {"hidden_dim": 32})
    with pytest.raises(SettingError, match=r"has no inference\.json and no model\.pt"):
        trained_network(find_model(datalist.parent))


def test_grid_shows_error_falling_with_iterations_and_no_change_at_the_trained_setting(
    run, datalist
):
    table = transport_grid(run, datalist, epsilons=[0.005, 0.05], iterations=[2, 20, 500])
    rows = {
        line.split("  ")[0]: [float(x) for x in line.split()[4:]] for line in table.splitlines()[1:]
    }
    error = {name: row[0] for name, row in rows.items()}
    assert error["epsilon 0.05, 2 iterations"] > error["epsilon 0.05, 500 iterations"]
    assert error["epsilon 0.005, 20 iterations"] > error["epsilon 0.05, 20 iterations"]
    assert rows["epsilon 0.05, 20 iterations"][3] == 0
    assert rows["epsilon 0.005, 2 iterations"][3] > 0
    assert all(row[1] == row[2] == 1 for row in rows.values())


def test_grid_refuses_a_run_without_a_plan(planted, datalist, tmp_path):
    train(planted, tmp_path / "run", fusion="sum", epochs=1)
    with pytest.raises(SettingError, match="LibraMIL has no transport plan"):
        transport_grid(tmp_path / "run", datalist, epsilons=[0.05], iterations=[2])
    assert len(bank_retrieval(tmp_path / "run", datalist, tiles=5).splitlines()) == 3
    train(planted, tmp_path / "bare", vision_prototypes=False, epochs=1)
    with pytest.raises(SettingError, match="has no visual prototypes"):
        bank_retrieval(tmp_path / "bare", datalist, tiles=5)


def test_retrieval_tells_partners_by_plan_and_by_cosine(run, datalist):
    *lines, last = bank_retrieval(run, datalist, tiles=5).splitlines()
    assert last.startswith("mean cosine of two visual prototypes 0.")
    assert [line.split("  ")[0] for line in lines[1:]] == ["partners by plan", "partners by cosine"]
    for line in lines[1:]:
        returned, tiles, chance, most = map(float, line.split()[3:])
        assert 0 <= returned <= 1
        assert 0 <= tiles <= 1
        assert chance == 0.333
        assert most >= chance


@pytest.mark.slow
def test_several_texts_are_compared_on_the_same_splits(planted, tmp_path):
    files = [planted / "texts.safetensors", planted / "other.safetensors"]
    lines = prompt_robustness(planted / "splits", files, tmp_path, overrides=QUICK).splitlines()
    rows = [line.split() for line in lines[1:]]
    assert [row[0] for row in rows] == ["texts", "other", "range"]
    assert float(rows[2][-2]) == pytest.approx(abs(float(rows[0][1]) - float(rows[1][1])), abs=2e-3)
    assert (tmp_path / "prompts.md").exists()


def test_one_file_of_texts_is_no_comparison(tmp_path):
    with pytest.raises(SettingError, match="two or more files of different names"):
        prompt_robustness(tmp_path, [tmp_path / "a.x"], tmp_path)
    with pytest.raises(SettingError, match="different names"):
        prompt_robustness(tmp_path, [tmp_path / "a.x", "b/a.x"], tmp_path)
