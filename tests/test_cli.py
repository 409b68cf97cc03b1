"""The command line: values stay as they are typed, errors are one line."""

import sys
from pathlib import Path

import pytest
import torch

from monai_ext import cli
from monai_ext.data import load_datalist, load_segmentation_datalist
from monai_ext.networks.encoders import build_patch_encoder
from monai_ext.testing.toy_cohort import write_toy_cohort
from monai_ext.testing.toy_masks import write_toy_masks
from tests.experiments.experiment_files import draws, toy_cohort, write_experiment


def call(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["monai_ext", *map(str, words)])
    cli.main()


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    write_toy_cohort(folder)
    return folder


@pytest.mark.parametrize("name", ["plain", "my#splits", "2024", "with space", "ünïcode"])
def test_split_writes_into_the_folder_as_typed(monkeypatch, cohort, tmp_path, capsys, name):
    monkeypatch.chdir(tmp_path)
    words = ["--cohort", cohort / "cohort.csv", "--features", cohort / "features"]
    call(monkeypatch, "split", *words, "--output", name, "--folds", 3)
    assert sorted(p.name for p in (tmp_path / name).iterdir()) == [
        f"fold{k}.json" for k in range(3)
    ]
    assert capsys.readouterr().out.count(".json") == 3


def test_few_shot_draws(monkeypatch, cohort, tmp_path):
    words = ["--cohort", cohort / "cohort.csv", "--features", cohort / "features"]
    words += [f"--output={tmp_path / 'draws'}", "--shots", "1,2", "--draws", "2"]
    call(monkeypatch, "split", *words, "--train_patients", "6")
    assert len(list((tmp_path / "draws").glob("shots*_draw*.json"))) == 4


def test_existing_split_is_taken(monkeypatch, cohort, tmp_path):
    lines = (cohort / "cohort.csv").read_text().splitlines()[1:]
    parts = ["training", "training", "validation", "test"]
    table = ["slide,part"]
    for line in lines:
        slide, patient, _ = line.split(",")
        table.append(f"{slide},{parts[(int(patient[7:]) // 2) % 4]}")
    (tmp_path / "given.csv").write_text("\n".join(table))
    words = ["--cohort", cohort / "cohort.csv", "--features", cohort / "features"]
    call(monkeypatch, "split", *words, "--output", tmp_path, "--from", tmp_path / "given.csv")
    assert (tmp_path / "split.json").exists()


def test_typed_error_is_the_last_line(monkeypatch, cohort, tmp_path):
    words = ["--cohort", cohort / "cohort.csv", "--features", cohort / "features"]
    with pytest.raises(SystemExit, match=r"^SettingError: split has no --fold\. Rule"):
        call(monkeypatch, "split", *words, "--output", tmp_path, "--fold", 3)


def test_few_shot_draws_with_validation(monkeypatch, cohort, tmp_path):
    words = ["--cohort", cohort / "cohort.csv", "--features", cohort / "features"]
    words += ["--output", tmp_path, "--shots", "1", "--draws", "2", "--train_patients", "4"]
    call(monkeypatch, "split", *words, "--validation", "4")
    found = [load_datalist(path) for path in tmp_path.glob("*.json")]
    assert [len({i["patient"] for i in each.validation}) for each in found] == [4, 4]


def test_splits_of_whole_sites(monkeypatch, cohort, tmp_path):
    lines = (cohort / "cohort.csv").read_text().splitlines()
    sites = [f"h{int(line.split(',')[1][7:]) // 2}" for line in lines[1:]]
    rows = [f"{line},{site}" for line, site in zip(lines, ["site", *sites], strict=True)]
    (tmp_path / "sites.csv").write_text("\n".join(rows))
    words = ["--cohort", tmp_path / "sites.csv", "--features", cohort / "features"]
    call(
        monkeypatch, "split", *words, "--output", tmp_path / "s", "--folds", "3", "--group", "site"
    )
    assert len(list((tmp_path / "s").glob("fold*.json"))) == 3
    assert (tmp_path / "s/sites.csv").exists()


def test_experiments_are_compared(monkeypatch, tmp_path, capsys):
    cohort = toy_cohort()
    splits = draws(cohort, number=5)
    paths = [
        write_experiment(tmp_path / name, cohort, splits, seed=k) for k, name in enumerate("ab")
    ]
    words = ["--output", tmp_path / "out", "--baseline", "False", "--reference", "b"]
    call(monkeypatch, "compare", *paths, *words)
    text = capsys.readouterr().out
    assert text.startswith("# Comparison with b")
    assert "mean pool" not in text
    assert (tmp_path / "out/compare.png").exists()
    with pytest.raises(SystemExit, match=r"^SettingError: a is the only method\. Rule: [^\n]*$"):
        call(monkeypatch, "compare", paths[0], "--output", tmp_path / "x", "--baseline", "False")
    with pytest.raises(SystemExit, match=r"^SettingError: .*toy has no crossval\.json and no"):
        call(monkeypatch, "compare", paths[0], tmp_path / "toy", "--output", tmp_path / "x")


def test_tune_and_crossval_refuse_in_one_line(monkeypatch, cohort, tmp_path):
    words = ["--bundle", "pathology_m2otca_classification", "--splits", cohort / "splits"]
    words += ["--output", tmp_path / "out"]
    for verb, more, message in (
        ("tune", ["--space", "m="], r"^SettingError: --space m=: [^\n]*$"),
        ("tune", ["--space", "mm=1"], r"has no mm\."),
        ("tune", ["--space", "m=1", "--trials", "0"], "trials=0"),
        ("crossval", ["--shard", "3/2"], r"^SettingError: --shard 3/2\. Rule"),
        ("crossval", ["--settings", tmp_path / "none.json"], r"none\.json cannot be read"),
        ("crossval", ["--report", "True"], r"has no crossval\.json and no splits\.json"),
        ("crossval", ["--learning_rat", "1"], "has no learning_rat"),
    ):
        with pytest.raises(SystemExit, match=message):
            call(monkeypatch, verb, *words, *more)


def test_predict_without_a_run_says_so(monkeypatch, tmp_path):
    with pytest.raises(SystemExit, match=r"has no inference\.json and no model\.pt"):
        call(
            monkeypatch, "predict", "--model", tmp_path, "--output", tmp_path, "--slides", tmp_path
        )


def test_export_writes_a_file_that_agrees(monkeypatch, capsys, tmp_path, rng):
    path = tmp_path / "my encoder.pt2"
    words = ["pathology_tile_feature_extraction", "--format", "pt2", "--output", path]
    call(monkeypatch, "export", *words, "--encoder", "tiny", "--tile_px", "64")
    assert f"{path}: 20 inputs of different sizes give" in capsys.readouterr().out
    tiles = 255 * torch.rand(3, 3, 64, 64, generator=rng)
    found = torch.export.load(path).module()(tiles)
    torch.testing.assert_close(found, build_patch_encoder("tiny")(tiles))
    with pytest.raises(SystemExit, match=r"^SettingError: .* has no encodr\. Rule"):
        call(monkeypatch, "export", *words, "--encodr", "tiny")


def test_pickle_switch_is_refused(monkeypatch):
    monkeypatch.setenv("MONAI_ALLOW_PICKLE", "1")
    with pytest.raises(SystemExit, match="nothing is unpickled"):
        call(monkeypatch, "doctor")


def test_help_is_not_an_override(monkeypatch, capsys):
    with pytest.raises(SystemExit) as stop:
        call(monkeypatch, "predict", "--model", "x", "--output", "y", "--help")
    assert stop.value.code in (0, None)
    assert "run folder of a training" in "".join(capsys.readouterr())


@pytest.mark.parametrize("verb", ["embed-text", "embed_text"])
def test_texts_are_embedded_under_both_spellings(monkeypatch, tmp_path, verb):
    from monai_ext.data import read_text_embeddings

    priors = Path(__file__).parent / "data/toy.json"
    words = ["--priors", priors, "--encoder", "tiny_text", "--output", tmp_path / "t #1"]
    call(monkeypatch, verb, *words, "--texts", "paraphrase", "--embed_dim", "5")
    found = read_text_embeddings(tmp_path / "t #1")
    assert (found.texts, found.dim, found.num_instances) == ("paraphrase", 5, 3)


def test_text_controls_without_splits_is_one_line(monkeypatch, tmp_path):
    words = ["--splits", tmp_path, "--text", "none", "--output", tmp_path / "out"]
    with pytest.raises(SystemExit, match=r"^(Setting|Cohort)Error: .*Repair"):
        call(monkeypatch, "text-controls", *words)


def test_images_are_split_for_segmentation(monkeypatch, tmp_path, capsys):
    write_toy_masks(tmp_path)
    images = sorted((tmp_path / "images").glob("*.png"))
    rows = [f"images/{p.name},masks/{p.name},p{k}" for k, p in enumerate(images)]
    (tmp_path / "table.csv").write_text("\n".join(["image,mask,patient", *rows]) + "\n")
    words = ["--table", tmp_path / "table.csv", "--classes", "background,disc"]
    words += ["--output", tmp_path / "my lists #1", "--ratios", "0.5,1"]
    call(monkeypatch, "split-images", *words)
    found = sorted((tmp_path / "my lists #1").glob("*.json"))
    assert [p.name for p in found] == ["split_050.json", "split_100.json"]
    assert capsys.readouterr().out.count(".json") == 2
    half = load_segmentation_datalist(found[0])
    assert len(half.training) == len(half.unlabelled) == 4
    with pytest.raises(SystemExit, match="no pixel of third"):
        call(
            monkeypatch,
            "split-images",
            *words[:2],
            "--classes",
            "background,disc,third",
            *words[4:],
        )


def test_what_can_be_chosen_is_listed(monkeypatch, capsys):
    call(monkeypatch, "list", "encoder")
    assert "efficientnet_lite0" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="list colour"):
        call(monkeypatch, "list", "colour")
