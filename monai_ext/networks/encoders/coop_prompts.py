"""Learned words in front of fixed ones."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from monai_ext.networks.encoders.causal_text_tower import CausalTextTower
from monai_ext.networks.encoders.hashing_tokenizer import END_ID
from monai_ext.networks.encoders.prompt_context import PromptContext


class CoOpPrompts(PromptContext[CausalTextTower]):
    r"""Sentences whose first words are vectors that training finds.

    n vectors are put right after the start token, the rest moves right, what leaves the context is
    cut off and the end token is kept. The tower stays frozen; it is no part of the state dict.

    Shapes:
        P prompts, L context length, W token width, D output width, n context vectors.

    Args:
        tower: a frozen text tower; its weights get no gradient.
        token_ids: long ``[P, L - 1]`` (or L), as its tokenizer gives them.
        n_ctx: n.
        class_specific: own vectors for every prompt; else all share them.
        std: spread of the vectors at the start.
        seed: of their draw.

    Raises:
        SettingError: if the vectors leave no place for a word.

    Reference:
        K. Zhou et al., Learning to Prompt for Vision-Language Models, IJCV 2022,
        https://arxiv.org/abs/2109.01134. Differs: the tower is CONCH's, which pools at a class
        token at the end and needs the mask of the shifted ids.
    """

    def __init__(
        self,
        tower: CausalTextTower,
        token_ids: Tensor,
        n_ctx: int,
        *,
        class_specific: bool = False,
        std: float = 0.02,
        seed: int = 0,
    ) -> None:
        length, width = tower.positional_embedding.shape
        numbers = {"class_specific": class_specific, "std": std, "seed": seed}
        super().__init__(tower, len(token_ids), width, n_ctx, most=length - 4, **numbers)
        shifted = _shifted(token_ids[:, : length - 1], n_ctx, tower.pad_id)
        self.register_buffer("token_ids", shifted, persistent=False)

    def forward(self) -> Tensor:
        """Unit vectors ``[P, D]``, differentiable in the context vectors."""
        tower, ids = self.tower, self.get_buffer("token_ids")
        tokens = self.with_context(tower.token_embedding(ids))
        return functional.normalize(tower.pool(tokens, ids != tower.pad_id), dim=-1)


def _shifted(ids: Tensor, n_ctx: int, pad_id: int) -> Tensor:
    """Ids with ``n_ctx`` places after the first; a sentence that was cut keeps its end."""
    places = torch.full((len(ids), n_ctx), END_ID, dtype=ids.dtype, device=ids.device)
    shifted = torch.cat([ids[:, :1], places, ids[:, 1:]], dim=1)[:, : ids.shape[1]]
    shifted[shifted[:, -1] != pad_id, -1] = END_ID
    return shifted
