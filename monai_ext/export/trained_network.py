"""The network of a model folder, with its weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from monai_ext.errors import SettingError
from monai_ext.export.config_ids import require_ids
from monai_ext.export.model_folder import INFERENCE, ModelFolder
from monai_ext.trust import load_state, require_safe

if TYPE_CHECKING:
    from monai.bundle import ConfigParser

_NOWHERE = {"output_dir": "unused_output"}
"""Nothing writes while a network is built; a config that would try stays in there."""


def untrained_network(configs: Path, overrides: Mapping[str, Any] | None = None) -> torch.nn.Module:
    """``network_def`` of an ``inference.json``, in evaluation mode, on the CPU.

    Args:
        configs: folder of the config.
        overrides: its ids with other values.
    """
    return bundle_config(configs, overrides).get_parsed_content("network_def").eval()


def trained_network(
    model: ModelFolder, overrides: Mapping[str, Any] | None = None
) -> torch.nn.Module:
    """The network with its weights, loaded strictly.

    Raises:
        SettingError: if the weights are another network's.
        TrustError: if config or weights would run what we do not know.
    """
    network = untrained_network(model.configs, overrides)
    if model.weights is None:
        return network
    stored = load_state(model.weights)
    try:
        network.load_state_dict(stored.get("model", stored))
    except RuntimeError as error:
        raise SettingError(
            f"{model.weights} does not fit its network ({str(error).splitlines()[-1].strip()})",
            f"weights fit network_def of {model.configs / INFERENCE}, overrides keep their shapes",
            "give a folder as training wrote it, and leave such overrides out",
        ) from error
    return network


def bundle_config(configs: Path, overrides: Mapping[str, Any] | None = None) -> ConfigParser:
    """``inference.json`` with ids overridden; in a bundle ``bundle_root`` is its folder.

    Raises:
        SettingError: for ids that the config does not have.
        TrustError: if it would do more than :func:`monai_ext.trust.require_safe` allows.
    """
    from monai.bundle import ConfigParser

    given = _NOWHERE | dict(overrides or {})
    require_safe([configs / INFERENCE], given)
    parser = ConfigParser()
    parser.read_config(str(configs / INFERENCE))
    known: dict[str, Any] = dict(parser.get() or {})
    where = configs / INFERENCE
    require_ids(overrides or {}, known, where, "an override is an id of it", "mend the name")
    if configs.name == "configs":
        parser["bundle_root"] = str(configs.parent)
    for name, value in given.items():
        if name in known or "#" in name:
            parser[name] = value
    return parser
