"""``python -m monai_ext export``: a trained network in a form that others run."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from monai_ext.atomic import make_folder, write_atomically
from monai_ext.errors import SettingError
from monai_ext.export.agreement import require_agreement
from monai_ext.export.input_form import InputForm, input_form, random_inputs
from monai_ext.export.model_folder import METADATA, ModelFolder
from monai_ext.export.onnx_file import read_onnx, write_onnx
from monai_ext.export.program import export_program, stride_of
from monai_ext.export.torchscript import to_torchscript, write_torchscript
from monai_ext.export.trained_network import bundle_config, trained_network

FORMATS = ("ts", "pt2", "onnx")
TRIED = 20
"""Random inputs on which a file is held against the network."""
PROMISE = "export_formats"
"""Key of the metadata."""


def export_model(
    model: ModelFolder,
    form: str,
    path: Path,
    overrides: Mapping[str, Any] | None = None,
) -> float:
    """Write a network as TorchScript, ``torch.export`` program or ONNX, and try the file.

    The file is read again and held against the network on 20 random inputs of different sizes; it
    gets its name only if they agree within 1e-4.

    Args:
        model: run, or bundle with weights.
        form: ``ts``, ``pt2`` or ``onnx``; one that the metadata promise (``export_formats``).
        path: of the file.
        overrides: ids of ``inference.json``, e.g. another patch encoder and its checkpoint.

    Returns:
        Largest difference.

    Raises:
        SettingError: for a format that the bundle does not promise, or a network that has none.
        BundleError: if the file differs from the network.
    """
    _require_promised(model, form)
    network = trained_network(model, overrides)
    takes = input_form(model.metadata, _tile_px(model, overrides))
    with tempfile.TemporaryDirectory(dir=make_folder(path.parent), prefix=".partial-") as place:
        written = Path(place) / path.name  # TorchScript's inner folder has its name
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # torch.export about its own parts
            read = _write(form, network, takes, model, written)
        multiple = None if form == "ts" else stride_of(network)
        inputs = random_inputs(takes, TRIED, multiple=multiple)
        far = require_agreement(read(), network, inputs)
        with write_atomically(path) as partial:
            written.replace(partial)
    return far


def _write(
    form: str, network: torch.nn.Module, takes: InputForm, model: ModelFolder, path: Path
) -> Callable[[], Callable[[torch.Tensor], torch.Tensor]]:
    """Write the file; gives what reads it."""
    if form == "ts":
        example = next(random_inputs(takes, 1, multiple=32, seed=1))
        write_torchscript(to_torchscript(network, example), model, path)
        return lambda: torch.jit.load(str(path)).eval()
    try:
        program = export_program(network, takes)
    except Exception as error:
        raise SettingError(
            f"{type(network).__name__} with these settings has no {form}: {_first_line(error)}",
            "torch.export takes networks whose course does not depend on values",
            "use --format ts, or the bundle's default settings",
        ) from error
    if form == "onnx":
        write_onnx(program, model.metadata, path)
        return lambda: read_onnx(path)
    with (model.configs / METADATA).open(encoding="utf-8") as stream:
        torch.export.save(program, path, extra_files={METADATA: stream.read()})
    return lambda: torch.export.load(path).module()


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__} {(str(error).strip().splitlines() or [''])[0][:200]}"


def _tile_px(model: ModelFolder, overrides: Mapping[str, Any] | None) -> int | None:
    value = bundle_config(model.configs, overrides).get("tile_px")
    return None if value is None else int(str(value))


def _require_promised(model: ModelFolder, form: str) -> None:
    promised = model.metadata.get(PROMISE, list(FORMATS))
    if form not in promised:
        raise SettingError(
            f"--format {form}",
            f"{model.metadata.get('name', 'this bundle')} has {', '.join(promised)}",
            f"--format {promised[0]}",
        )
