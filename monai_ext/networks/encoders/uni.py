"""UNI, Mahmood Lab's ViT-L/16 trained on 100,000 slides."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from monai_ext.networks.encoders.patch_encoder import PatchEncoder
from monai_ext.networks.encoders.pixel_statistics import IMAGENET
from monai_ext.networks.encoders.stand_in import (
    fill_with_noise,
    mark_stand_in,
    on_meta,
    require_preset,
)
from monai_ext.networks.encoders.strict_load import load_strictly, read_weights

if TYPE_CHECKING:
    from timm.models.vision_transformer import VisionTransformer

_GET = (
    "accept the licence (CC-BY-NC-ND-4.0, no commercial use) at "
    "https://huggingface.co/MahmoodLab/UNI, download pytorch_model.bin and give it as checkpoint; "
    "meanwhile efficientnet_lite0 needs nothing, midnight12k is an open pathology encoder (MIT)"
)
_HINT = "give UNI v1's pytorch_model.bin; UNI2-h is another network, and so is a ViT of 256 px"


class UNI(PatchEncoder):
    """The class token of UNI v1, 1024 wide.

    The weights are gated: this loads a file that the user was granted, strictly.

    Args:
        checkpoint: the user's ``pytorch_model.bin``.
        preset: ``"full"``; ``"tiny"`` is a stand-in of the same class, 64 wide, random.
        input_px: side to which tiles are resized; any other than 224 resamples the positions
            while it runs; None keeps the tiles' own (a multiple of 16).
        seed: of the stand-in's weights.

    Raises:
        SettingError: without weights, or if they are not those of this network.

    Reference:
        R. J. Chen et al., Towards a general-purpose foundation model for computational pathology,
        Nature Medicine 2024. Sizes, resizing (224 px, bilinear) and normalisation are those of
        the model's card and of TRIDENT's ``uni_v1``; that the 342 names are those of the gated
        file is argued, not tested against the file.
    """

    encoder_id = "uni_v1"
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
        network = on_meta(lambda: vit_l16(preset))
        if checkpoint is None:
            fill_with_noise(network, seed)
        else:
            load_strictly(network, read_weights(checkpoint, _GET), str(checkpoint), _HINT)
        super().__init__(network, *IMAGENET, input_px)
        self.embed_dim = network.num_features
        if preset == "tiny":
            mark_stand_in(self)

    @classmethod
    def missing(cls) -> str | None:
        """How to get the weights, which cannot be shipped."""
        return _GET


def vit_l16(preset: str) -> VisionTransformer:
    """UNI's network: ViT-L/16 of 224 px with layer scale and no head; or the tiny one."""
    from timm.models.vision_transformer import VisionTransformer

    sizes: dict[str, Any] = {"embed_dim": 64, "depth": 2, "num_heads": 4}
    if preset == "full":
        sizes = {"embed_dim": 1024, "depth": 24, "num_heads": 16}
    return VisionTransformer(
        img_size=224,
        patch_size=16,
        init_values=1e-5,
        num_classes=0,
        dynamic_img_size=True,
        **sizes,
    )
