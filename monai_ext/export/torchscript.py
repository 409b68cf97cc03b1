"""TorchScript with the bundle's description inside, as MONAI's ``ckpt_export`` writes it."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import cast

import torch
from torch.jit.frontend import FrontendError

from monai_ext.export.model_folder import INFERENCE, ModelFolder

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


def write_torchscript(module: torch.jit.ScriptModule, model: ModelFolder, path: Path) -> None:
    """Write ``.ts`` with ``extra/metadata.json`` and ``extra/inference.json``.

    MONAI Deploy reads both. Unlike ``ckpt_export`` no path of this machine goes along:
    ``bundle_root`` and ``ckpt_path`` are a bundle's.
    """
    from monai.data import save_net_with_metadata

    config = model.inference
    config |= {"bundle_root": "."} if "bundle_root" in config else {}
    config |= {"ckpt_path": "models/model.pt"} if "ckpt_path" in config else {}
    save_net_with_metadata(
        module,
        str(path),
        include_config_vals=False,
        append_timestamp=False,
        meta_values=model.metadata,
        more_extra_files={INFERENCE: json.dumps(config, indent=2).encode()},
    )
