"""Predict with a trained run or a bundle with weights: everything comes from its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from monai_ext.errors import SettingError
from monai_ext.experiments.bundle_run import INFERENCE, run_config
from monai_ext.experiments.demo_weights import require_invented

MODEL = "model.pt"


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
        SettingError: if the folder is neither, no slides or features are given, or they may be
            real and the weights are a demonstration's.
        SystemExit: 3 if slides failed (they are in ``failed.csv``).
    """
    configs, weights = _parts(Path(str(model)))
    if slides is None and features is None:
        repair = "give --slides or --features"
        raise SettingError("no input", "predict reads slides or features", repair)
    if not allow_demo:
        require_invented(configs / "metadata.json", slides, features)
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


def _parts(model: Path) -> tuple[Path, Path]:
    """Folder of the configs, and the weights: side by side in a run, apart in a bundle."""
    is_bundle = (model / "configs").is_dir()
    configs, weights = (model / "configs", model / "models") if is_bundle else (model, model)
    missing = [
        path.relative_to(model).as_posix()
        for path in (configs / INFERENCE, weights / MODEL)
        if not path.is_file()
    ]
    if missing:
        raise SettingError(
            f"{model} has no {' and no '.join(missing)}",
            "a run folder is what training wrote, a bundle has configs/ and models/",
            "give the --output_dir of a training, or an unpacked bundle with weights",
        )
    return configs, weights / MODEL


def _written(output: Path) -> str:
    counts = {
        "heat maps": len(list(output.glob("*/*heatmap*.png"))),
        "QuPath GeoJSON": len(list(output.glob("*/*.geojson"))),
        "contact sheets": len(list(output.glob("*/*tiles*.png"))),
    }
    lines = [f"{output / 'predictions.csv'}"]
    return "\n".join([*lines, *(f"{n} {kind} in {output}" for kind, n in counts.items() if n)])
