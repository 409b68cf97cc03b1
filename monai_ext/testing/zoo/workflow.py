"""Configs of a bundle as MONAI's workflows take them: properties, an epoch, an inference."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import TYPE_CHECKING

from monai_ext.errors import BundleError
from monai_ext.experiments.bundle_run import run_config
from monai_ext.testing.zoo.outcome import NotApplicableError
from monai_ext.testing.zoo.toy_inputs import toy_values

if TYPE_CHECKING:
    from monai.bundle import ConfigWorkflow

KINDS = {"train": "train", "inference": "infer"}


def check_properties(bundle: Path, folder: Path) -> str:
    """MONAI's ``check_properties`` finds every required property of training and inference.

    Raises:
        BundleError: names those that are missing.
    """
    from monai.bundle import ConfigWorkflow

    looked = []
    for stem, kind in KINDS.items():
        config = bundle / "configs" / f"{stem}.json"
        if not config.is_file():
            continue
        values = toy_values(config, folder / stem)
        workflow = ConfigWorkflow(str(config), workflow_type=kind, logging_file=False, **values)
        workflow.initialize()
        if missing := _missing(workflow):
            raise BundleError(f"{config} lacks {missing}", "MONAI's properties", "add them")
        looked.append(stem)
    return " and ".join(looked)


def _missing(workflow: ConfigWorkflow) -> str:
    """Required properties that a config lacks; for the first of them MONAI raises ``KeyError``."""
    try:
        return ", ".join(workflow.check_properties() or [])
    except KeyError as error:
        return str(error.args[0])


def check_training(bundle: Path, folder: Path) -> str:
    """One epoch through ``ConfigWorkflow``: losses are numbers, the weights can be loaded safely.

    Raises:
        BundleError: if a loss is none.
        NotApplicableError: for a bundle that is not trained.
    """
    import torch

    config = bundle / "configs" / "train.json"
    if not config.is_file():
        raise NotApplicableError("has no train.json")
    values = toy_values(config, folder) | {"output_dir": str(folder / "run")}
    if "epoch_steps" in values:
        values["steps"] = values["epoch_steps"]
    run_config([config], workflow_type="train", **values)
    losses = metric_column(folder / "run", "train_loss")
    if not losses or not all(map(math.isfinite, losses)):
        raise BundleError(f"train_loss is {losses}", "a loss is a number", "look into metrics.csv")
    weights = torch.load(folder / "run" / "model.pt", weights_only=True)
    return f"{len(losses)} epoch, loss {losses[-1]:.3f}, {len(weights)} tensors"


def check_inference(bundle: Path, folder: Path) -> str:
    """The run's ``inference.json``, or the bundle's own where nothing is trained, writes results.

    Raises:
        BundleError: if nothing was written, or an input failed.
        NotApplicableError: if the training before it gave no run.
    """
    own, run = bundle / "configs" / "inference.json", folder / "run"
    is_trained = (bundle / "configs" / "train.json").is_file()
    if is_trained and not (run / "inference.json").is_file():
        raise NotApplicableError("the training gave no run")
    values = toy_values(own, folder) | {"output_dir": str(folder / "predicted")}
    if is_trained:
        kept = {"output_dir", "dataset_dir", "mpp"}
        values = {key: value for key, value in values.items() if key in kept}
    config = run / "inference.json" if is_trained else own
    run_config([config], workflow_type="infer", **values)
    written = [path for path in (folder / "predicted").rglob("*") if path.is_file()]
    failed = [path for path in written if path.name == "failed.csv"]
    if failed or not written:
        raise BundleError(
            failed[0].read_text(encoding="utf-8") if failed else f"{config} wrote nothing",
            "every input has its result",
            "run it by hand",
        )
    return f"{len(written)} files"


def metric_column(run: Path, name: str) -> list[float]:
    """Numbers of a column of ``metrics.csv``."""
    with (run / "metrics.csv").open(encoding="utf-8", newline="") as stream:
        return [float(row[name]) for row in csv.DictReader(stream)]
