"""ONNX files of exported programs."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from monai_ext.errors import SettingError

NEEDED = ("onnx", "onnxscript", "onnxruntime")
INPUT, OUTPUT = "image", "pred"
"""Names of MONAI's bundles."""
TOLD = ("name", "version", "network_data_format", "description", "intended_use")
"""Keys of the metadata that go along as properties."""


def write_onnx(program: torch.export.ExportedProgram, metadata: dict[str, Any], path: Path) -> None:
    """Write one ``.onnx`` file, weights inside, with what the metadata say of the network.

    Args:
        program: what to write.
        metadata: of the bundle or run.
        path: of the file; ONNX allows 2 GiB.

    Raises:
        SettingError: if onnx, onnxscript or onnxruntime is not installed.
    """
    require_onnx()
    with contextlib.redirect_stdout(io.StringIO()):  # it tells of its steps
        made: Any = torch.onnx.export(
            program, (), dynamo=True, input_names=[INPUT], output_names=[OUTPUT], verbose=False
        )
    for node in made.model.graph.all_nodes():
        node.metadata_props.clear()  # they name source files of this machine
    for key in TOLD:
        if key in metadata:
            value = metadata[key]
            made.model.metadata_props[key] = value if isinstance(value, str) else json.dumps(value)
    made.save(str(path), external_data=False)


def read_onnx(path: Path) -> Callable[[torch.Tensor], torch.Tensor]:
    """The network of a file as ``onnxruntime`` runs it on the CPU.

    Raises:
        SettingError: if onnxruntime is not installed.
    """
    require_onnx()
    import onnxruntime  # pyright: ignore[reportMissingImports]

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def call(x: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(session.run([OUTPUT], {INPUT: x.numpy()})[0])

    return call


def require_onnx() -> None:
    """Refuse to begin without onnx, onnxscript and onnxruntime.

    Raises:
        SettingError: names what is not installed.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise SettingError(
            f"{', '.join(missing)} is not installed",
            "ONNX is written with onnxscript and tried with onnxruntime",
            "pip install 'monai-ext[onnx]'",
        )
