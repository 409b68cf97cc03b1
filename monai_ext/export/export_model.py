"""``python -m monai_ext export``: a trained network in a form that others run."""

from __future__ import annotations

import copy
import json
import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch

from monai_ext.atomic import make_folder, write_atomically
from monai_ext.errors import SettingError
from monai_ext.export.agreement import require_agreement
from monai_ext.export.input_form import InputForm, input_form, random_inputs
from monai_ext.export.model_folder import METADATA, ModelFolder
from monai_ext.export.onnx_file import read_onnx, require_onnx, write_onnx
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
    if form == "onnx":
        require_onnx()
    network = trained_network(model, overrides)
    takes = input_form(model.metadata, _tile_px(model, overrides))
    told = _told(model, network, takes, overrides or {})
    with tempfile.TemporaryDirectory(dir=make_folder(path.parent), prefix=".partial-") as place:
        written = Path(place) / path.name  # TorchScript's inner folder has its name
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # torch.export about its own parts
            read = _write(form, network, takes, told, written)
        multiple = None if form == "ts" else stride_of(network)
        inputs = random_inputs(takes, TRIED, multiple=multiple)
        far = require_agreement(read(), network, inputs)
        with write_atomically(path) as partial:
            written.replace(partial)
    return far


def _write(
    form: str, network: torch.nn.Module, takes: InputForm, told: _Told, path: Path
) -> Callable[[], Callable[[torch.Tensor], torch.Tensor]]:
    """Write the file; gives what reads it."""
    if form == "ts":
        example = next(random_inputs(takes, 1, multiple=32, seed=1))
        write_torchscript(to_torchscript(network, example), told.config, told.metadata, path)
        return lambda: torch.jit.load(str(path)).eval()
    try:
        program = export_program(network, takes)
        if form == "onnx":
            write_onnx(program, told.metadata, path)
            return lambda: read_onnx(path)
    except SettingError:
        raise
    except Exception as error:
        raise SettingError(
            f"{type(network).__name__} with these settings has no {form}: {_first_line(error)}",
            f"a network with {form} is one that torch.export, or its ONNX exporter, can follow",
            "use --format ts, or the bundle's default settings",
        ) from error
    torch.export.save(program, path, extra_files={METADATA: json.dumps(told.metadata)})
    return lambda: torch.export.load(path).module()


class _Told(NamedTuple):
    """What a file says of its network."""

    config: dict[str, Any]
    metadata: dict[str, Any]


def _told(
    model: ModelFolder, network: torch.nn.Module, takes: InputForm, overrides: Mapping[str, Any]
) -> _Told:
    """Config and metadata of this very network, overrides included."""
    with torch.inference_mode():
        width = network(next(random_inputs(takes, 1, multiple=stride_of(network)))).shape[1]
    metadata = copy.deepcopy(model.metadata)
    form = metadata["network_data_format"]
    shape = form["inputs"]["image"]["spatial_shape"]
    sides = zip(shape, takes.sides, strict=True)
    form["inputs"]["image"]["spatial_shape"] = [old if s is None else s for old, s in sides]
    form.get("outputs", {}).get("pred", {})["num_channels"] = width
    return _Told(model.inference | dict(overrides), metadata)


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
