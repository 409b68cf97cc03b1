"""Predict with a trained run or a bundle with weights: everything comes from its folder."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any

from monai_ext.errors import SettingError
from monai_ext.experiments.bundle_run import INFERENCE, run_config
from monai_ext.experiments.demo_weights import require_invented
from monai_ext.export import find_model
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
    _require_known(overrides or {}, configs / INFERENCE, found.inference)
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


def _require_known(overrides: dict[str, Any], path: Path, config: dict[str, Any]) -> None:
    """MONAI would take no notice of an id that the config does not have."""
    top = [name.replace("::", "#").split("#")[0] for name in overrides]
    if foreign := [name for name in top if name not in config]:
        close = [near for name in foreign for near in get_close_matches(name, config, n=1)]
        raise SettingError(
            f"{path} has no {', '.join(foreign)}",
            "an override is an id of it, and a run has the ids of when it was trained",
            f"did you mean {', '.join(close)}" if close else "mend the name, or train it again",
        )


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
