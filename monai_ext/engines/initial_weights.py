"""A training that begins from a network that was trained before."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, TypeVar

from torch import nn

from monai_ext.engines.plain_errors import plain_errors
from monai_ext.errors import SettingError
from monai_ext.flags import as_path
from monai_ext.trust import load_state

_logger = logging.getLogger(__name__)
Network = TypeVar("Network", bound=nn.Module)


def begin_from(network: Network, weights: Any, output_dir: Path | str | None = None) -> Network:
    """Load all weights of a network, or none.

    Only the layer that maps pixels to prototypes (``embed``) may have another width, as it has
    after training without texts: then it stays as it was built, and a warning says so.

    Args:
        network: as it was built; changed in place.
        weights: state dict file, e.g. ``model.pt`` of a run; ``None``: leave the network alone.
        output_dir: folder for the traceback.

    Returns:
        The network.

    Raises:
        SystemExit: with one plain line if the file is missing or of another network.
    """
    path = as_path(weights)
    if path is None:
        return network
    with plain_errors(output_dir):
        if not path.is_file():
            raise SettingError(
                f"initial_weights={path} does not exist",
                "it is a state dict, e.g. model.pt of a run",
                "check the path",
            )
        stored = load_state(path)
        try:
            network.load_state_dict(_with_own_embedding(network, stored.get("model", stored)))
        except RuntimeError as error:
            raise SettingError(
                f"initial_weights={path} is of another network ({_last_line(error)})",
                "every weight has its place and shape",
                "give the encoder and decoder settings that stand in its run.json",
            ) from error
    return network


def _with_own_embedding(network: nn.Module, stored: dict[str, Any]) -> dict[str, Any]:
    own = network.state_dict()
    other = {name for name in stored if name in own and stored[name].shape != own[name].shape}
    anew = {name for name in other if name.startswith("embed.") or not stored[name].numel()}
    if any(stored[name].numel() for name in anew):
        _logger.warning("embed has another width in the initial weights: it begins anew")
    return stored | {name: own[name] for name in anew}


def _last_line(error: Exception) -> str:
    return str(error).splitlines()[-1].strip()
