"""What a trained run puts in place of its bundle's files: weights, widths, classes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from monai_ext.errors import BundleError

WEIGHTS = "models/model.pt"


def run_overlay(bundle: Path, run: Path) -> dict[str, bytes | Path]:
    """Files of a bundle that holds a run's network, by their place in it.

    ``models/model.pt`` are the run's weights, ``configs/inference.json`` and
    ``configs/metadata.json`` the run's, with the bundle's own ``ckpt_path``; ``docs/run.json``
    says what it was trained on (hashes, no patients). ``train.json`` stays the bundle's.

    Raises:
        BundleError: if the run is another bundle's, or not whole.
    """
    needed = ("model.pt", "inference.json", "metadata.json", "run.json")
    if missing := [name for name in needed if not (run / name).is_file()]:
        raise BundleError(f"{run} has no {', '.join(missing)}", "a trained run has", "train it")
    record = _read(run / "run.json")
    if record["bundle"] != bundle.name:
        raise BundleError(
            f"{run} is a run of {record['bundle']}", f"packed with {bundle.name}", "name its bundle"
        )
    inference = _read(run / "inference.json")
    own = _read(bundle / "configs" / "inference.json")
    inference |= {key: own[key] for key in ("ckpt_path", "bundle_root") if key in own}
    return {
        WEIGHTS: run / "model.pt",
        "configs/inference.json": _bytes(inference),
        "configs/metadata.json": run / "metadata.json",
        "docs/run.json": run / "run.json",
    }


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def _bytes(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=2) + "\n").encode()
