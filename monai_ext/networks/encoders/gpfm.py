"""GPFM, HKUST SmartLab's ViT-L/14, distilled from UNI, CONCH and Phikon."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from monai_ext.networks.encoders.patch_encoder import PatchEncoder
from monai_ext.networks.encoders.pixel_statistics import IMAGENET
from monai_ext.networks.encoders.stand_in import (
    fill_with_noise,
    mark_stand_in,
    on_meta,
    require_preset,
)
from monai_ext.networks.encoders.strict_load import load_strictly, read_weights, renamed

if TYPE_CHECKING:
    from timm.models.vision_transformer import VisionTransformer

_GET = (
    "download GPFM.pth from https://huggingface.co/majiabo/GPFM (CC-BY-NC-ND-4.0, no commercial "
    "use) and give it as checkpoint; meanwhile midnight12k is an open pathology encoder (MIT)"
)
_HINT = "give GPFM.pth, the ViT-L/14 of 224 px"
_CHUNKED = re.compile(r"^blocks\.\d+\.(\d+)\.")


class GPFM(PatchEncoder):
    """The class token of GPFM, 1024 wide.

    Args:
        checkpoint: the user's ``GPFM.pth``: timm's names, or those of DINOv2's training
            (``teacher`` with ``backbone.`` and chunked blocks).
        preset: ``"full"``; ``"tiny"`` is a stand-in of the same class, 64 wide, random.
        input_px: side to which tiles are resized (bicubic), a multiple of 14; any other than
            224 resamples the positions while it runs.
        seed: of the stand-in's weights.

    Raises:
        SettingError: without weights, or if they are not those of this network.

    Reference:
        J. Ma et al., A generalizable pathology foundation model using a unified knowledge
        distillation pretraining framework, Nature Biomedical Engineering 2025,
        https://arxiv.org/abs/2407.18449. Sizes, names and preprocessing are those of the
        repository and of TRIDENT's ``gpfm``; the licence is the repository's. Argued, not tested
        against the file.
    """

    encoder_id = "gpfm"
    embed_dim = 1024
    licence = "CC-BY-NC-ND-4.0"
    commercial_use = False

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        preset: str = "full",
        input_px: int | None = 224,
        seed: int = 0,
    ) -> None:
        require_preset(preset, checkpoint, self.encoder_id, _GET)
        network = on_meta(lambda: vit_l14(preset))
        if checkpoint is None:
            fill_with_noise(network, seed)
        else:
            state = _in_timm_names(read_weights(checkpoint, _GET))
            load_strictly(network, state, str(checkpoint), _HINT)
        super().__init__(network, *IMAGENET, input_px, interpolation="bicubic")
        self.embed_dim = network.num_features
        if preset == "tiny":
            mark_stand_in(self)

    @classmethod
    def missing(cls) -> str | None:
        """How to get the weights."""
        return _GET


def vit_l14(preset: str) -> VisionTransformer:
    """DINOv2's ViT-L/14 of 224 px without registers; or the tiny one."""
    from timm.models.vision_transformer import VisionTransformer

    sizes: dict[str, Any] = {"embed_dim": 64, "depth": 2, "num_heads": 4}
    if preset == "full":
        sizes = {"embed_dim": 1024, "depth": 24, "num_heads": 16}
    return VisionTransformer(
        img_size=224,
        patch_size=14,
        init_values=1e-5,
        num_classes=0,
        dynamic_img_size=True,
        **sizes,
    )


def _in_timm_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Undo what DINOv2's training adds: heads, ``backbone.``, a mask token, chunks of blocks."""
    if any(key.startswith("backbone.") for key in state):
        state = renamed(
            state,
            lambda key: key.removeprefix("backbone.") if key.startswith("backbone.") else None,
        )
    return renamed(
        state, lambda key: None if key == "mask_token" else _CHUNKED.sub(r"blocks.\1.", key)
    )
