"""TorchScript with the bundle's description inside, as MONAI's ``ckpt_export`` writes it."""

from __future__ import annotations

import io
import json
import logging
import zipfile
from pathlib import Path
from typing import Any, cast

import torch
from torch.jit.frontend import FrontendError

from monai_ext.export.model_folder import INFERENCE

_PLACES = {
    "bundle_root": ".",
    "ckpt_path": "models/model.pt",
    "encoder_checkpoint": None,
    "checkpoint": None,
}
_logger = logging.getLogger(__name__)


def to_torchscript(network: torch.nn.Module, example: torch.Tensor) -> torch.jit.ScriptModule:
    """Script the network, or trace it where TorchScript has no way to script it.

    Args:
        network: in evaluation mode.
        example: input for tracing.
    """
    from monai.networks.utils import convert_to_torchscript

    try:
        return cast(torch.jit.ScriptModule, convert_to_torchscript(network))
    except (RuntimeError, ValueError, FrontendError) as error:  # what torch.jit.script raises
        _logger.debug("traced, since it cannot be scripted: %s", error)
    with torch.no_grad():
        traced = convert_to_torchscript(network, inputs=[example], use_trace=True)
    return cast(torch.jit.ScriptModule, traced)


def without_sources(archive: bytes) -> bytes:
    """A TorchScript file without its debug records, which name source files of this machine."""
    whole = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as old,
        zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as new,
    ):
        for entry in old.infolist():
            if not entry.filename.endswith(".debug_pkl"):
                new.writestr(entry, old.read(entry))
    return whole.getvalue()


def write_torchscript(
    module: torch.jit.ScriptModule,
    config: dict[str, Any],
    metadata: dict[str, Any],
    path: Path,
) -> None:
    """Write ``.ts`` with ``extra/metadata.json`` and ``extra/inference.json``.

    MONAI Deploy reads both. Unlike ``ckpt_export`` no path of this machine goes along: places in
    the config are a bundle's, those of an encoder's weights are left out, and so are the names of
    source files that PyTorch adds.

    Args:
        module: what is written.
        config: ``inference.json``.
        metadata: ``metadata.json``.
        path: of the file.
    """
    from monai.data import save_net_with_metadata

    config = config | {name: place for name, place in _PLACES.items() if name in config}
    save_net_with_metadata(
        module,
        str(path),
        include_config_vals=False,
        append_timestamp=False,
        meta_values=metadata,
        more_extra_files={INFERENCE: json.dumps(config, indent=2).encode()},
    )
    path.write_bytes(without_sources(path.read_bytes()))
