"""``python -m monai_ext export``: find the model, write the file, say what it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monai_ext.errors import SettingError
from monai_ext.experiments.bundle_run import find_bundle
from monai_ext.export import FORMATS, export_model, find_model, write_wsinfer

WSINFER = "wsinfer"


def export(
    model: Path | str,
    form: str = "ts",
    output: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> str:
    """Write a trained network in another format.

    Args:
        model: run folder, bundle folder with weights, or the name of a bundle whose network brings
            its own.
        form: ``ts``, ``pt2``, ``onnx``, or ``wsinfer``, which is a folder.
        output: file, or folder; by default beside the weights.
        overrides: ids of ``inference.json``; with ``wsinfer`` arguments of the patch encoder.

    Returns:
        What was written, and how far it is from the network.

    Raises:
        SettingError: for another format, a folder that is no model, or what the formats refuse.
        BundleError: if the file differs from the network.
    """
    if form not in (*FORMATS, WSINFER):
        raise SettingError(f"--format {form}", f"it is {', '.join(FORMATS)} or {WSINFER}", "choose")
    folder = Path(str(model))
    if not folder.is_dir():
        folder = find_bundle(model)
    found = find_model(folder)
    shelf = found.weights.parent if found.weights else folder / "models"
    if form == WSINFER:
        target = output or shelf / WSINFER
        far = write_wsinfer(found, target, dict(overrides or {}))
        return f"{target}: tiles give the network's logits within {far:.0e}"
    target = shelf / f"model.{form}" if output is None else _file(output, form)
    far = export_model(found, form, target, overrides)
    return f"{target}: 20 inputs of different sizes give the network's output within {far:.0e}"


def _file(target: Path, form: str) -> Path:
    """A folder gets ``model.FORM``, a name without suffix one.

    Raises:
        SettingError: for the suffix of something else.
    """
    if target.is_dir():
        return target / f"model.{form}"
    if target.suffix not in ("", f".{form}"):
        raise SettingError(f"--output {target}", f"the file ends in .{form}", "rename it")
    return target.with_suffix(f".{form}")
