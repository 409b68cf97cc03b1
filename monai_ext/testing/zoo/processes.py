"""Two processes train as one does that sees both their batches in one step."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from monai_ext.errors import BundleError
from monai_ext.experiments.bundle_run import run_config
from monai_ext.testing.zoo.files import read_json
from monai_ext.testing.zoo.outcome import NotApplicableError
from monai_ext.testing.zoo.toy_inputs import toy_values
from monai_ext.testing.zoo.workflow import metric_column

TOLERANCE = 1e-6
TIMEOUT_S = 600
STILL: dict[str, Any] = {
    "dropout": 0.0,
    "attention_dropout": 0.0,
    "head_dropout": 0.0,
    "use_rec": False,
    "use_corrupt_ce": False,
    "accumulation_steps": 1,
    "epochs": 3,
    "weak_view": {"_target_": "monai_ext.transforms.RandSquared", "side": "@crop_px"},
    "jitter_prob": 0.0,
    "grey_prob": 0.0,
    "blur_prob": 0.0,
    "cutmix_prob": 0.0,
    "feature_dropout": 0.0,
    "norm": "group",
    "ssl": "unimatch",
    "tau": 0.5,
    "num_workers": 0,
}
"""Ids that take chance, and statistics of a process's own batch, out of training."""
MANY = "multi_gpu_train.json"


def check_processes(bundle: Path, folder: Path) -> str:
    """``torchrun`` with two processes on a CPU (gloo): losses of one with both batches a step.

    The same global batch is one of twice the accumulated bags, or of twice the images; what is
    drawn by chance, and batch normalisation, is switched off (``STILL``).

    Raises:
        BundleError: if a loss differs by more than 1e-6, or the processes failed.
        NotApplicableError: for a bundle that has no ``multi_gpu_train.json``.
    """
    config = bundle / "configs" / "train.json"
    if not (bundle / "configs" / MANY).is_file():
        raise NotApplicableError(f"has no {MANY}")
    known = read_json(config)
    values = toy_values(config, folder) | {k: v for k, v in STILL.items() if k in known}
    key = "accumulation_steps" if "accumulation_steps" in known else "batch_size"
    _run_two(bundle, values | {"output_dir": str(folder / "two")}, folder)
    one = values | {"output_dir": str(folder / "one"), key: 2 * values[key]}
    run_config([config], workflow_type="train", **one)
    far = {name: _difference(folder, name) for name in _columns(folder / "one")}
    worst = max(far, key=lambda name: far[name])
    if far[worst] > TOLERANCE:
        raise BundleError(
            f"{worst} of two processes differs by {far[worst]:.1e} from that of one",
            f"at most {TOLERANCE} on the same global batch",
            "see monai_ext.engines.ProcessSync",
        )
    return f"{', '.join(far)} differ by at most {far[worst]:.0e}"


def _run_two(bundle: Path, values: dict[str, Any], folder: Path) -> None:
    files = [str(bundle / "configs" / name) for name in ("train.json", MANY)]
    given = folder / "arguments.json"
    given.write_text(json.dumps({"config_file": files, **values}), encoding="utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    command += ["-m", "monai.bundle", "run", "--args_file", str(given)]
    alone = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    settings: dict[str, Any] = {"env": alone, "capture_output": True, "text": True}
    ended = subprocess.run(command, **settings, timeout=TIMEOUT_S, check=False)  # noqa: S603
    if ended.returncode:
        raise BundleError(_cause(ended.stderr), "two processes train", f"run {' '.join(command)}")


def _cause(text: str) -> str:
    """The last line that names an error of a process, not torchrun's about the process."""
    named = re.findall(r"^(?:Cause: |[\w.]+(?:Error|Exception): ).*", text, re.MULTILINE)
    own = [line for line in named if "ChildFailedError" not in line]
    return own[-1] if own else text[-2000:]


def _columns(run: Path) -> list[str]:
    with (run / "metrics.csv").open(encoding="utf-8") as stream:
        names = stream.readline().strip().split(",")
    return [name for name in names if name in {"train_loss", "val_loss", "val_mdice"}]


def _difference(folder: Path, name: str) -> float:
    """Largest difference; infinite where a run is shorter, or a value is no number."""
    one, two = (metric_column(folder / run, name) for run in ("one", "two"))
    if len(one) != len(two) or not all(map(math.isfinite, one + two)):
        return math.inf
    return max(abs(a - b) for a, b in zip(one, two, strict=True))
