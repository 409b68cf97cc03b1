"""The text side of any open_clip model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from monai_ext.hashing import file_hash, json_hash
from monai_ext.networks.encoders.open_clip_model import NEEDS, embed_dim_of, load_open_clip
from monai_ext.networks.encoders.sentence_encoder import SentenceEncoder


class ClipText(nn.Module):
    """An open_clip model without its image tower.

    Args:
        model: the model; its image tower is taken out.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.model.visual = nn.Identity()

    def forward(self, ids: Tensor) -> Tensor:
        """Map ids ``[K, L]`` to ``[K, D]``."""
        return self.model.encode_text(ids)


class ClipWords:
    """CLIP's tokenizer, whose words come with open_clip.

    Args:
        tokenize: open_clip's tokenizer.
    """

    pad_id = 0

    def __init__(self, tokenize: Callable[[list[str]], Tensor]) -> None:
        from open_clip.tokenizer import default_bpe

        self._tokenize = tokenize
        length = getattr(tokenize, "context_length", None)
        self.tokenizer_hash = json_hash(["open_clip", file_hash(default_bpe()), length])

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Long ``[K, L]``."""
        return self._tokenize(list(texts))


class OpenClipText(SentenceEncoder):
    """Sentences in the space of an open_clip model's images; id ``open_clip_text_<model>``.

    Args:
        model: a name that open_clip registers and whose text tower is open_clip's own.
        checkpoint: its weights, a local file: the one that the images were encoded with.

    Raises:
        SettingError: for an unknown model, or weights that are not those of this network.
    """

    encoder_id = "open_clip_text"
    embed_dim = 0
    licence = "that of the given weights"
    commercial_use = None
    aligned_with = ("open_clip",)

    def __init__(self, model: str | None = None, checkpoint: str | Path | None = None) -> None:
        import open_clip

        network = load_open_clip(model, checkpoint, "text")
        super().__init__(ClipText(network), ClipWords(open_clip.get_tokenizer(str(model))))
        self.encoder_id, self.embed_dim = f"open_clip_text_{model}", embed_dim_of(str(model))
        self.aligned_with = (f"open_clip_{model}",)

    @classmethod
    def missing(cls) -> str | None:
        """What has to be given."""
        return NEEDS
