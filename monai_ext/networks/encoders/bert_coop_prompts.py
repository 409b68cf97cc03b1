"""Learned words in front of fixed ones, for a BERT."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from monai_ext.networks.encoders.bert_tower import BertTower
from monai_ext.networks.encoders.prompt_context import PromptContext


class BertCoOpPrompts(PromptContext[BertTower]):
    r"""Sentences whose first words are vectors that training finds; the tower is a BERT.

    n vectors take the places of word embeddings right after ``[CLS]``; the rest moves right, and
    BERT adds positions and token types to all alike. What leaves its positions is cut off and the
    ``[SEP]`` is kept. Pooling is the tower's: the first token's, or the mean over real tokens, to
    which the learned ones belong. The tower stays frozen; it is no part of the state dict.

    Shapes:
        P prompts, L tokens, W token width and output width D, n context vectors.

    Args:
        tower: a frozen BERT; its weights get no gradient.
        token_ids: long ``[P, L]``, as its tokenizer gives them: padding behind the end.
        n_ctx: n.
        class_specific: own vectors for every prompt; else all share them.
        std: spread of the vectors at the start; MiniLM's words have 0.056.
        seed: of their draw.

    Raises:
        SettingError: if the vectors leave no place for a word.

    Reference:
        K. Zhou et al., Learning to Prompt for Vision-Language Models, IJCV 2022,
        https://arxiv.org/abs/2109.01134. Differs: the tower is a BERT (MiniLM's or KEEP's) in
        place of CLIP's causal one, so words also see the context behind them. For CONCH's tower
        see :class:`~monai_ext.networks.encoders.coop_prompts.CoOpPrompts`.
    """

    def __init__(
        self,
        tower: BertTower,
        token_ids: Tensor,
        n_ctx: int,
        *,
        class_specific: bool = False,
        std: float = 0.02,
        seed: int = 0,
    ) -> None:
        length, width = tower.bert.embeddings.position_embeddings.weight.shape
        numbers = {"class_specific": class_specific, "std": std, "seed": seed}
        super().__init__(tower, len(token_ids), width, n_ctx, most=length - 3, **numbers)
        shifted = _shifted(token_ids, n_ctx, length, tower.pad_id)
        self.register_buffer("token_ids", shifted, persistent=False)

    def forward(self) -> Tensor:
        """Unit vectors ``[P, D]``, differentiable in the context vectors."""
        tower, ids = self.tower, self.get_buffer("token_ids")
        mask = ids != tower.pad_id
        tokens = self.with_context(tower.bert.embeddings.word_embeddings(ids))
        found = tower.bert(inputs_embeds=tokens, attention_mask=mask.long())
        return functional.normalize(tower.pool(found, mask), dim=-1)


def _shifted(ids: Tensor, n_ctx: int, length: int, pad_id: int) -> Tensor:
    """Ids with ``n_ctx`` places after the first, as wide as the longest sentence needs.

    Places hold the id of the end, so that they are no padding; a sentence that was cut keeps it.
    """
    counts = (ids != pad_id).sum(dim=1)
    ends = ids.gather(1, counts[:, None] - 1)
    width = min(int(counts.max()) + n_ctx, length)
    shifted = torch.cat([ids[:, :1], ends.expand(-1, n_ctx), ids[:, 1:]], dim=1)[:, :width]
    was_cut = counts + n_ctx > width
    shifted[:, -1] = torch.where(was_cut, ends[:, 0], shifted[:, -1])
    return shifted
