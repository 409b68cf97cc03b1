"""The image tower of KEEP, and which part of its file belongs to which tower."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn
from torch.nn import functional

from monai_ext.networks.encoders.strict_load import renamed
from monai_ext.networks.encoders.uni import vit_l16

WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")
GET_KEEP = (
    "download the files of https://huggingface.co/Astaxanthin/KEEP (MIT) into a folder and give "
    "it as checkpoint; meanwhile efficientnet_lite0 and minilm_l6_v2 need nothing"
)
KEEP_HINT = "give the folder of Astaxanthin/KEEP, with model.safetensors or pytorch_model.bin"
_IMAGE, _TEXT = ("visual.", "visual_head."), ("text.",)
_UNUSED = ("logit_scale", "text.embeddings.position_ids")


class KeepVision(nn.Module):
    r"""UNI's ViT-L/16 with a projection of two layers; normalised.

    :math:`z = W_2\,\mathrm{GELU}(W_1 x_{\mathrm{cls}} + b_1) + b_2`, given as
    :math:`z / \lVert z \rVert`.

    Args:
        preset: ``"full"`` (768 wide) or ``"tiny"`` (48 wide).
    """

    def __init__(self, preset: str) -> None:
        super().__init__()
        self.embed_dim = 768 if preset == "full" else 48
        self.visual = vit_l16(preset)
        self.visual_head = nn.Sequential(
            nn.Linear(self.visual.num_features, self.embed_dim),
            nn.GELU(),
            nn.Linear(self.embed_dim, self.embed_dim),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Map ``[B, 3, H, W]`` to unit vectors ``[B, D]``."""
        return functional.normalize(self.visual_head(self.visual(image)), dim=-1)


def image_part(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict without the text tower; what belongs to neither stays and is refused."""
    return renamed(state, lambda key: None if key.startswith(_TEXT) or key in _UNUSED else key)


def text_part(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict without the image tower, in :class:`BertTower`'s names."""
    kept = renamed(state, lambda key: None if key.startswith(_IMAGE) or key in _UNUSED else key)
    return renamed(kept, lambda key: f"bert.{key.removeprefix('text.')}")


def keep_folder(checkpoint: str | Path) -> Path:
    """The folder of KEEP's files, of which one or the folder itself was given."""
    path = Path(checkpoint)
    return path if path.is_dir() else path.parent
