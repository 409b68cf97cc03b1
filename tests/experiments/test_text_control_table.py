"""All controls by one command, on features whose classes are told by the texts' directions."""

import csv

import pytest

from monai_ext.data import write_text_embeddings
from monai_ext.experiments import text_controls
from tests.experiments.planted_texts import paraphrased, planted_texts, write_planted_cohort

QUICK = {
    "epochs": 12, "learning_rate": 0.005, "hidden_dim": 16, "patience": 12, "standardize": False,
    "num_vision_prototypes": 3,
}  # fmt: skip


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    folder, texts = tmp_path_factory.mktemp("planted"), planted_texts(1)
    write_text_embeddings(folder / "texts.safetensors", texts)
    write_text_embeddings(folder / "other.safetensors", paraphrased(texts, 0))
    write_planted_cohort(folder, texts, patients=40, seed=0)[1].unlink()
    return folder


def rows(output):
    with (output / "text_controls.csv").open() as stream:
        found = list(csv.DictReader(stream))
    return {(r["texts"], r["control"], r["draw"], r["split"]): float(r["auc"]) for r in found}


@pytest.mark.slow
def test_controls_at_test_and_in_training(planted, tmp_path):
    def run():
        return text_controls(
            planted / "splits",
            tmp_path,
            text=planted / "texts.safetensors",
            paraphrased=planted / "other.safetensors",
            draws=2,
            overrides=QUICK,
        )

    table = run()
    found = rows(tmp_path)
    true = found["at test", "none", "0", "fold0"]
    assert true > 0.9
    assert found["in training", "none", "0", "fold0"] == true
    assert found["at test", "swapped", "0", "fold0"] == pytest.approx(1 - true)
    assert abs(found["at test", "paraphrased", "0", "fold0"] - true) <= 0.02
    assert len({found["at test", "random", str(k), "fold0"] for k in range(2)}) > 1
    assert found["in training", "swapped", "0", "fold0"] > 0.5
    assert len(found) == 5 + 1 + 1 + 2 + 2 + 1
    lines = table.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [
        "none", "swapped", "shuffled", "random", "paraphrased"
    ]  # fmt: skip
    assert "[" in lines[3]
    assert "[" not in lines[2]
    stamps = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("predictions.csv")}
    assert run() == table
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("predictions.csv")} == stamps


@pytest.mark.slow
def test_texts_that_are_trained_cannot_be_exchanged_at_test(planted, tmp_path):
    with pytest.raises(SystemExit, match="train with --freeze_bag_query True"):
        text_controls(
            planted / "splits",
            tmp_path,
            text=planted / "texts.safetensors",
            is_retrained=False,
            overrides=QUICK | {"epochs": 1, "freeze_bag_query": False},
        )
