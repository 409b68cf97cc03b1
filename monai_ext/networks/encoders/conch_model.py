"""CONCH's two towers in one, as its checkpoint holds them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from monai_ext.networks.encoders.causal_text_tower import CausalTextTower
from monai_ext.networks.encoders.conch_vision import ConchVision
from monai_ext.networks.encoders.stand_in import fill_with_noise, on_meta, require_preset
from monai_ext.networks.encoders.strict_load import load_strictly, read_weights, renamed
from monai_ext.networks.encoders.vit_positions import resampled_positions

CONTEXT_LENGTH = 128
CONCH_PX = {"full": 448, "tiny": 64}
GET_CONCH = (
    "accept the licence (CC-BY-NC-ND-4.0, no commercial use) at "
    "https://huggingface.co/MahmoodLab/CONCH, download pytorch_model.bin and give it as "
    "checkpoint; meanwhile keep and keep_text are an aligned image-text pair (MIT)"
)
_HINT = "give CONCH v1's pytorch_model.bin; CONCH v1.5 is another network"
_POSITIONS = "visual.trunk.pos_embed"


class ConchModel(nn.Module):
    """The part of CoCa that CONCH published: no text decoder.

    Args:
        preset: ``"full"``, or ``"tiny"`` for a stand-in of the same classes.
        image_px: side for which the positions of the image tower are.
        contrast: see :class:`ConchVision`.
    """

    def __init__(self, preset: str, image_px: int, *, contrast: bool) -> None:
        super().__init__()
        self.embed_dim, width, depth, heads, pooler_heads = 32, 64, 2, 4, 4
        self.vocab_size = 1024
        if preset == "full":
            self.embed_dim, width, depth, heads, pooler_heads = 512, 768, 12, 12, 8
            self.vocab_size = 32007
        self.text = CausalTextTower(
            self.vocab_size, CONTEXT_LENGTH, width, heads, depth, self.embed_dim
        )
        self.visual = ConchVision(
            self.embed_dim, width, depth, heads, image_px, pooler_heads, contrast=contrast
        )
        self.logit_scale = nn.Parameter(torch.zeros(()))


def load_conch(
    checkpoint: str | Path | None,
    preset: str,
    name: str,
    *,
    image_px: int | None = None,
    contrast: bool = False,
    seed: int = 0,
) -> ConchModel:
    """Build CONCH and fill it strictly, after dropping a decoder and a leading ``module.``.

    Args:
        checkpoint: the user's file; None only for the stand-in.
        preset: ``"full"`` or ``"tiny"``.
        name: of the encoder, for errors.
        image_px: side of the images; other than the file's, positions are resampled (bilinear,
            not antialiased, as CONCH's loader does).
        contrast: see :class:`ConchVision`.
        seed: of a stand-in's weights.

    Raises:
        SettingError: without weights, or if they are not those of this network.
    """
    require_preset(preset, checkpoint, name, GET_CONCH)
    side = CONCH_PX[preset] if image_px is None else image_px
    model = on_meta(lambda: ConchModel(preset, side, contrast=contrast))
    if checkpoint is None:
        fill_with_noise(model, seed)
        return model
    state = renamed(read_weights(checkpoint, GET_CONCH), _published_name)
    load_strictly(model, _with_positions(state, model), str(checkpoint), _HINT)
    return model


def _published_name(key: str) -> str | None:
    name = key.removeprefix("module.")
    return None if name.startswith("text_decoder.") else name


def _with_positions(state: Mapping[str, Tensor], model: ConchModel) -> dict[str, Tensor]:
    stored = state.get(_POSITIONS)
    if stored is None or stored.ndim != 3:
        return dict(state)
    side = model.visual.trunk.patch_embed.grid_size[0]
    return {**state, _POSITIONS: resampled_positions(stored, side, "bilinear")}
