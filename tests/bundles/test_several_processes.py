"""Two processes train alike; models that ``testing/zoo/processes.py`` does not try."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from monai_ext.experiments.bundle_run import run_bundle
from monai_ext.networks.blocks.prototype_bank import PrototypeBank
from monai_ext.testing.toy_masks import write_toy_masks
from monai_ext.testing.zoo.toy_inputs import TOY_BAGS, TOY_MASKS, TOY_PROMPTS
from tests.bundles.process_runs import BANK, bank_pixels
from tests.bundles.test_contract import BUNDLES

ROOT = Path(__file__).resolve().parents[2]
SHELF = {bundle.name.removeprefix("pathology_"): bundle for bundle in BUNDLES}
BAGS = {**TOY_BAGS, "epochs": 3, "dropout": 0.0, "accumulation_steps": 1}
NORMS = {"ssl": "mpamatch", "ema_teacher": True, "norm": "batch", "batch_size": 4}
RUNS = {
    "clam_mb": (
        "mil_baselines_classification",
        BAGS | {"model": "clam_mb"},
        {"accumulation_steps": 2},
    ),
    "srmil_masked": ("srmil_classification", BAGS, None),
    "mpamatch": ("mpamatch_segmentation", NORMS, None),
}
"""Bundle, settings of each of two processes, and those of the one that sees both batches."""
EQUAL = [name for name, (_, _, together) in RUNS.items() if together is not None]


@pytest.fixture(scope="module")
def places(toy_cohort, tmp_path_factory):
    """Folder of the runs, and what each is trained on."""
    folder = tmp_path_factory.mktemp("processes")
    images = write_toy_masks(folder / "images", height=32, width=32)
    masks = TOY_MASKS | {"datalist": str(images), "prompts": str(TOY_PROMPTS)}
    return folder, {True: masks, False: {"datalist": str(toy_cohort / "splits/fold0.json")}}


def values_of(run, places, output):
    folder, given = places
    bundle, own, _ = RUNS[run]
    return (
        given[bundle.endswith("segmentation")]
        | own
        | {
            "output_dir": str(folder / output / run),
            "bundle_root": str(SHELF[bundle]),
            "num_workers": 0,
        }
    )


@pytest.fixture(scope="module")
def together(places):
    """All runs in two processes, started once."""
    folder, _ = places
    runs = [
        {"bundle": str(SHELF[bundle]), "values": values_of(run, places, "two")}
        for run, (bundle, _, _) in RUNS.items()
    ]
    (folder / "runs.json").write_text(json.dumps(runs))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    command += ["-m", "tests.bundles.process_runs", str(folder / "runs.json")]
    alone = os.environ | {"OMP_NUM_THREADS": "1"}
    settings: dict[str, Any] = {"cwd": ROOT, "env": alone, "capture_output": True, "text": True}
    ended = subprocess.run(command, **settings, timeout=900, check=False)  # noqa: S603
    assert ended.returncode == 0, ended.stderr[-3000:]
    return folder / "two"


def column(run, name):
    with (run / "metrics.csv").open() as stream:
        return torch.tensor([float(row[name]) for row in csv.DictReader(stream)])


@pytest.mark.parametrize("run", EQUAL)
def test_loss_is_that_of_one_process_on_the_same_bags_or_images(run, together, places):
    bundle, _, settings = RUNS[run]
    values = values_of(run, places, "one") | settings
    run_bundle(SHELF[bundle], ["train.json"], workflow_type="train", **values)
    for name in ("train_loss", "val_loss"):
        one, two = (column(Path(folder), name) for folder in (values["output_dir"], together / run))
        torch.testing.assert_close(two, one, rtol=0, atol=1e-6)


def test_visual_prototypes_are_those_of_one_process_on_all_pixels(together):
    """They begin where the first process says, and move by the pixels of all."""
    banks = [torch.load(together / f"bank{rank}.pt", weights_only=True) for rank in (0, 1)]
    alone = PrototypeBank(*BANK, momentum=0.5)
    alone.start(*bank_pixels(0)[:2])
    alone.update(*(torch.cat(parts) for parts in zip(bank_pixels(0), bank_pixels(1), strict=True)))
    for bank in banks:
        torch.testing.assert_close(bank["vectors"], alone.vectors, rtol=0, atol=1e-6)
        assert bank["ready"].tolist() == [True, True, False]


@pytest.mark.parametrize("run", RUNS)
def test_all_processes_end_with_one_network_and_one_writes(run, together):
    hashes = {path.read_text() for path in (together / run).glob("rank*.txt")}
    assert len(hashes) == 1
    assert (together / run / "model.pt").is_file()
    writers = {path.name.rsplit(".", 2)[1] for path in (together / run).glob("events*")}
    assert len(writers) == 1
