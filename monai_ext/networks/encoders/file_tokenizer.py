"""The tokenizer of a local ``tokenizer.json`` or ``vocab.txt``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from monai_ext.errors import SettingError
from monai_ext.hashing import file_hash, json_hash
from monai_ext.networks.encoders.stand_in import pick_file


class FileTokenizer:
    """Hugging Face's ``tokenizers`` over one local file; asks no server for anything.

    Args:
        path: a ``tokenizer.json``, a BERT's ``vocab.txt`` (lower-cased words), or the folder that
            holds one of them.
        max_length: tokens at most, start and end among them; longer sentences are cut.
        pad_id: what fills up the shorter ones.
        fixed_length: pad every row to ``max_length``; else to the longest of a call.

    Raises:
        SettingError: if the file is missing or is no tokenizer.
    """

    def __init__(
        self,
        path: str | Path,
        max_length: int,
        pad_id: int = 0,
        *,
        fixed_length: bool = False,
    ) -> None:
        file = pick_file(path, ("tokenizer.json", "vocab.txt"))
        self.pad_id, self.max_length = int(pad_id), int(max_length)
        self._tokenizer = _read(file)
        self._tokenizer.enable_truncation(self.max_length)
        length = self.max_length if fixed_length else None
        self._tokenizer.enable_padding(pad_id=self.pad_id, length=length)
        self.tokenizer_hash = json_hash([file_hash(file), self.max_length, self.pad_id, length])

    @property
    def vocab_size(self) -> int:
        """Number of token ids."""
        return self._tokenizer.get_vocab_size()

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Long ``[K, L]``."""
        rows = [found.ids for found in self._tokenizer.encode_batch(list(texts))]
        return torch.tensor(rows, dtype=torch.long)


def _read(file: Path):
    import tokenizers

    if not file.is_file():
        raise SettingError(
            f"no tokenizer at {file}",
            "a text encoder reads its words from a local tokenizer.json",
            "give the file or folder that came with the weights",
        )
    if file.suffix == ".txt":
        return tokenizers.BertWordPieceTokenizer(str(file), lowercase=True)
    try:
        return tokenizers.Tokenizer.from_str(file.read_text(encoding="utf-8"))
    except Exception as error:
        raise SettingError(
            f"{file} is no tokenizer.json ({str(error)[:80]})",
            "Hugging Face's tokenizers can read it",
            "give the tokenizer.json that came with the weights",
        ) from error
