"""Predict with a trained run or a bundle with weights: everything comes from its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from monai_ext.errors import SettingError
from monai_ext.experiments.bundle_run import INFERENCE, run_config
from monai_ext.experiments.demo_weights import require_invented
from monai_ext.export import find_model
from monai_ext.export.config_ids import require_ids
from monai_ext.export.model_folder import METADATA, WEIGHTS


def predict(
    model: Path | str,
    output: Path | str,
    *,
    slides: Path | None = None,
    features: Path | None = None,
    overrides: dict[str, Any] | None = None,
    allow_demo: bool = False,
) -> str:
    """Run a trained network's inference on slides or features.

    Args:
        model: run folder, or an unpacked bundle with weights.
        output: folder of the results.
        slides: folder of slides: read where no features are given, and behind the pictures.
        features: folder of feature files.
        overrides: ids of ``inference.json``.
        allow_demo: let demonstration weights see slides that may be real.

    Returns:
        What was written, in a line a kind.

    Raises:
        SettingError: if the folder is neither, no slides or features are given, they may be
            real and the weights are a demonstration's, or its config lacks an overridden id.
        TrustError: see :func:`monai_ext.trust.require_safe`.
        SystemExit: 3 if slides failed (they are in ``failed.csv``).
    """
    found = find_model(Path(str(model)))
    configs, weights = found.configs, found.weights
    if weights is None:
        raise SettingError(
            f"{model} has no {WEIGHTS}",
            "predict reads what training wrote",
            "run an extraction with python -m monai.bundle run",
        )
    if slides is None and features is None:
        repair = "give --slides or --features"
        raise SettingError("no input", "predict reads slides or features", repair)
    rule = "an override is an id of it, and a run has the ids of when it was trained"
    known, repair = (found.inference, configs / INFERENCE), "mend the name, or train it again"
    require_ids(overrides or {}, *known, rule, repair)
    if not allow_demo:
        require_invented(configs / METADATA, slides, features)
    bundle = {} if configs == weights.parent else {"bundle_root": str(configs.parent)}
    values = {
        **bundle,
        **(overrides or {}),
        "dataset_dir": str(features or slides),
        "slides_dir": None if slides is None else str(slides),
        "output_dir": str(output),
        "ckpt_path": str(weights),
    }
    run_config([configs / INFERENCE], workflow_type="infer", **values)
    return _written(Path(str(output)))


def _written(output: Path) -> str:
    counts = {
        "heat maps": len(list(output.glob("*/*heatmap*.png"))),
        "QuPath GeoJSON": len(list(output.glob("*/*.geojson"))),
        "contact sheets": len(list(output.glob("*/*tiles*.png"))),
        "reports": len(list(output.glob("*/*_report.html"))),
    }
    tables = ("predictions.csv", "segmentation.csv")
    lines = [str(output / name) for name in tables if (output / name).is_file()]
    return "\n".join([*lines, *(f"{n} {kind} in {output}" for kind, n in counts.items() if n)])
