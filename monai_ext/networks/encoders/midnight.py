"""Midnight-12k, kaiko.ai's ViT-g/14 trained on TCGA alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from monai_ext.errors import SettingError
from monai_ext.networks.encoders.dinov2_names import in_timm_names
from monai_ext.networks.encoders.patch_encoder import PatchEncoder
from monai_ext.networks.encoders.pixel_statistics import HALF
from monai_ext.networks.encoders.stand_in import (
    fill_with_noise,
    mark_stand_in,
    on_meta,
    pick_file,
    require_preset,
)
from monai_ext.networks.encoders.strict_load import load_strictly, read_weights
from monai_ext.networks.encoders.token_pooling import POOLINGS, TokenPooling

if TYPE_CHECKING:
    from timm.models.vision_transformer import VisionTransformer

_GET = (
    "download model.safetensors from https://huggingface.co/kaiko-ai/midnight (MIT) and give it "
    "as checkpoint; meanwhile efficientnet_lite0 needs nothing"
)
_HINT = "give Midnight-12k's model.safetensors, as transformers' Dinov2Model stores it"


class Midnight12k(PatchEncoder):
    """Class token and mean of the patch tokens of Midnight-12k, 2 x 1536 wide.

    Args:
        checkpoint: ``model.safetensors``, or the folder that holds it.
        preset: ``"full"``; ``"tiny"`` is a stand-in of the same class, 2 x 64 wide, random.
        pooling: ``"cls+mean"``, the 3072 values that the model's card recommends; ``"cls"``, its
            first half, which TRIDENT's loader gives unless told otherwise.
        input_px: side to which tiles are resized (bilinear), a multiple of 14; the weights were
            trained at 224 px.
        seed: of the stand-in's weights.

    Raises:
        SettingError: without weights, or if they are not those of this network.

    Reference:
        M. Karasikov et al., Training state-of-the-art pathology foundation models with orders of
        magnitude less data, MICCAI 2025, https://arxiv.org/abs/2504.05186. Architecture
        (facebook/dinov2-giant, no registers), normalisation and licence are those of the model's
        card; names and arithmetic are tested against transformers' Dinov2Model at a small size,
        not against the file.
    """

    encoder_id = "midnight12k"
    embed_dim = 3072
    licence = "MIT"
    commercial_use = True

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        preset: str = "full",
        pooling: str = "cls+mean",
        input_px: int = 224,
        seed: int = 0,
    ) -> None:
        require_preset(preset, checkpoint, self.encoder_id, _GET)
        if pooling not in POOLINGS:
            raise SettingError(f"pooling={pooling!r}", f"one of {', '.join(POOLINGS)}", "cls+mean")
        network = on_meta(lambda: TokenPooling(vit_g14(preset, input_px), pooling))
        if checkpoint is None:
            fill_with_noise(network, seed)
        else:
            file = pick_file(checkpoint, ("model.safetensors", "pytorch_model.bin"))
            state = in_timm_names(read_weights(file, _GET), input_px // 14)
            load_strictly(network.vit, state, str(file), _HINT)
        super().__init__(network, *HALF, input_px)
        self.embed_dim = network.embed_dim
        if preset == "tiny":
            mark_stand_in(self)

    @classmethod
    def missing(cls) -> str | None:
        """How to get the weights."""
        return _GET


def vit_g14(preset: str, image_px: int) -> VisionTransformer:
    """DINOv2's ViT-g/14: SwiGLU, layer scale, no registers; or the tiny one."""
    from timm.layers.mlp import SwiGLUPacked
    from timm.models.vision_transformer import VisionTransformer
    from torch import nn

    swiglu: Any = SwiGLUPacked
    sizes: dict[str, Any] = {"embed_dim": 64, "depth": 2, "num_heads": 4, "mlp_ratio": 352 / 64}
    if preset == "full":
        sizes = {"embed_dim": 1536, "depth": 40, "num_heads": 24, "mlp_ratio": 8192 / 1536}
    return VisionTransformer(
        img_size=image_px,
        patch_size=14,
        init_values=1e-5,
        mlp_layer=swiglu,
        act_layer=nn.SiLU,
        num_classes=0,
        **sizes,
    )
