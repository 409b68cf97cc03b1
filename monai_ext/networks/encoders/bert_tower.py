"""A BERT from local files, and two ways to make one vector of its tokens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from monai_ext.errors import SettingError

if TYPE_CHECKING:
    from transformers import BertConfig


class BertTower(nn.Module):
    r"""A BERT whose tokens are pooled to one vector.

    ``mean``: :math:`\sum_l m_l h_l / \sum_l m_l` over the real tokens; ``pooler``:
    :math:`\tanh(W h_1 + b)` of the first one.

    Args:
        config: sizes, as Hugging Face's ``BertConfig``.
        pooling: ``"mean"`` or ``"pooler"``.
    """

    def __init__(self, config: BertConfig, pooling: str) -> None:
        super().__init__()
        from transformers import BertModel

        self.pooling, self.pad_id = pooling, int(config.pad_token_id or 0)
        self.bert = BertModel(config, add_pooling_layer=pooling == "pooler")

    def forward(self, ids: Tensor) -> Tensor:
        """Map token ids ``[K, L]`` to ``[K, D]``."""
        mask = ids != self.pad_id
        return self.pool(self.bert(input_ids=ids, attention_mask=mask.long()), mask)

    def pool(self, found: Any, mask: Tensor) -> Tensor:
        """One vector ``[K, D]`` of BERT's output, where ``mask [K, L]`` is True."""
        if self.pooling == "pooler":
            return found.pooler_output
        real = mask.unsqueeze(-1).to(found.last_hidden_state.dtype)
        return (found.last_hidden_state * real).sum(1) / real.sum(1).clamp_min(1.0)


def read_bert_config(folder: Path) -> BertConfig:
    """The ``config.json`` of a folder.

    Raises:
        SettingError: if it is missing.
    """
    from transformers import BertConfig

    file = folder / "config.json"
    if not file.is_file():
        raise SettingError(
            f"no config.json in {folder}",
            "a text tower's sizes are read from its folder",
            "give the folder that holds config.json, tokenizer.json and model.safetensors",
        )
    return BertConfig.from_json_file(file)
