"""The image side of any open_clip model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from monai_ext.networks.encoders.open_clip_model import NEEDS, embed_dim_of, load_open_clip
from monai_ext.networks.encoders.patch_encoder import PatchEncoder


class ClipVision(nn.Module):
    """An open_clip image tower, normalised.

    Args:
        visual: maps images to vectors, or to vectors and tokens.
    """

    def __init__(self, visual: nn.Module) -> None:
        super().__init__()
        self.visual = visual

    def forward(self, image: Tensor) -> Tensor:
        """Map ``[B, 3, H, W]`` to unit vectors ``[B, D]``."""
        found: Any = self.visual(image)
        return functional.normalize(found[0] if isinstance(found, tuple) else found, dim=-1)


class OpenClipEncoder(PatchEncoder):
    """Projected and normalised image vectors of an open_clip model; id ``open_clip_<model>``.

    Tiles are resized whole (bicubic) to the model's side, never cropped.

    Args:
        model: a name that open_clip registers, e.g. ``ViT-B-32-quickgelu``.
        checkpoint: its weights, a local file; all tensors of both towers have their place.
        mean: of the pixels in 0..1; None is OpenAI's, right for most models (not for SigLIP's).
        std: likewise.

    Raises:
        SettingError: for an unknown model, or weights that are not those of this network.
    """

    encoder_id = "open_clip"
    embed_dim = 0
    licence = "that of the given weights"
    commercial_use = None

    def __init__(
        self,
        model: str | None = None,
        checkpoint: str | Path | None = None,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
    ) -> None:
        visual = load_open_clip(model, checkpoint, "image").visual
        listed, size = visual.preprocess_cfg, visual.image_size
        super().__init__(
            ClipVision(visual),
            [255 * value for value in (listed["mean"] if mean is None else mean)],
            [255 * value for value in (listed["std"] if std is None else std)],
            size if isinstance(size, int) else size[0],
            "bilinear" if listed["interpolation"] == "bilinear" else "bicubic",
        )
        self.encoder_id, self.embed_dim = f"open_clip_{model}", embed_dim_of(str(model))

    @classmethod
    def missing(cls) -> str | None:
        """What has to be given."""
        return NEEDS
