"""Predict with a trained run: everything comes from its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from monai_ext.errors import SettingError
from monai_ext.experiments.bundle_run import INFERENCE, run_config

MODEL = "model.pt"


def predict(
    model: Path | str,
    output: Path | str,
    *,
    slides: Path | None = None,
    features: Path | None = None,
    overrides: dict[str, Any] | None = None,
) -> str:
    """Run ``RUN/inference.json`` on slides or features.

    Args:
        model: run folder.
        output: folder of the results.
        slides: folder of slides: read where no features are given, and behind the pictures.
        features: folder of feature files.
        overrides: ids of ``inference.json``.

    Returns:
        What was written, in a line a kind.

    Raises:
        SettingError: if the run folder is not one, or neither slides nor features are given.
        SystemExit: 3 if slides failed (they are in ``failed.csv``).
    """
    run = Path(str(model))
    missing = [name for name in (INFERENCE, MODEL) if not (run / name).is_file()]
    if missing:
        raise SettingError(
            f"{run} has no {' and no '.join(missing)}",
            "a run folder is what training wrote",
            "give the --output_dir of a training",
        )
    if slides is None and features is None:
        repair = "give --slides or --features"
        raise SettingError("no input", "predict reads slides or features", repair)
    values = {
        **(overrides or {}),
        "dataset_dir": str(features or slides),
        "slides_dir": None if slides is None else str(slides),
        "output_dir": str(output),
        "ckpt_path": str(run / MODEL),
    }
    run_config([run / INFERENCE], workflow_type="infer", **values)
    return _written(Path(str(output)))


def _written(output: Path) -> str:
    counts = {
        "heat maps": len(list(output.glob("*/*heatmap*.png"))),
        "QuPath GeoJSON": len(list(output.glob("*/*.geojson"))),
        "contact sheets": len(list(output.glob("*/*tiles*.png"))),
    }
    lines = [f"{output / 'predictions.csv'}"]
    return "\n".join([*lines, *(f"{n} {kind} in {output}" for kind, n in counts.items() if n)])
