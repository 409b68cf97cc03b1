"""The aggregators that DSMIL's authors published."""

from __future__ import annotations

from pathlib import Path

import torch

from monai_ext.errors import SettingError
from monai_ext.networks.blocks.dsmil_branch import DSMILBranch
from monai_ext.networks.nets.multi_level_mil import MultiLevelMIL
from monai_ext.trust import load_state

_KEYS = {
    "i_classifier.fc.0": "instance",
    "b_classifier.q.0": "query.0",
    "b_classifier.q.2": "query.2",
    "b_classifier.fcc": "bag",
}


def load_published_dsmil(path: Path | str, *, score: str = "mean") -> MultiLevelMIL:
    """Build DSMIL with published weights, widths read off the file.

    The released code's form: no embedding, query of two layers, the features themselves as values,
    scaled products; its bag classifier, a convolution over all of ``[C, D]``, is a linear layer.
    Features are taken as they are, nothing is standardised.

    Args:
        path: state dict, e.g. ``c16_aggregator.pth`` of binli123/dsmil-wsi.
        score: see :class:`DSMILBranch`.

    Returns:
        The network, in evaluation mode, with one level.

    Raises:
        TrustError: if the file holds more than tensors.
        SettingError: if the file does not hold exactly DSMIL's tensors, in shapes that fit.
    """
    state = load_state(Path(path))
    wanted = {f"{key}.{part}" for key in _KEYS for part in ("weight", "bias")}
    if not isinstance(state, dict) or set(state) != wanted:
        found = set(state) if isinstance(state, dict) else {type(state).__name__}
        raise SettingError(
            f"{path} lacks {sorted(wanted - found)} and has {sorted(found - wanted)} besides",
            "a DSMIL aggregator holds an instance classifier, a query of two layers and a bag "
            "classifier",
            "give a file of example_aggregator_weights/ of binli123/dsmil-wsi",
        )
    classes, width = state["i_classifier.fc.0.weight"].shape
    branch = DSMILBranch(
        width,
        classes,
        None,
        state["b_classifier.q.0.weight"].shape[0],
        query="mlp",
        value="identity",
        scaled=True,
        score=score,
    )
    try:
        branch.load_state_dict(_renamed(state))
    except RuntimeError as error:
        raise SettingError(
            f"{path}: {error}", "all tensors have the same D and C", "get the file anew"
        ) from error
    return MultiLevelMIL([branch], width, classes, levels=[0]).eval()


def _renamed(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    found = {
        f"{ours}.{part}": state[f"{theirs}.{part}"]
        for theirs, ours in _KEYS.items()
        for part in ("weight", "bias")
    }
    found["bag.weight"] = found["bag.weight"].flatten(1)
    return found
