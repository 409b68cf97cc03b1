"""Short names for what went into a result, so that one id leads back to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path


def json_hash(value: object) -> str:
    """SHA-256 (first 16 hex digits) of the canonical JSON of ``value``.

    Example:
        >>> json_hash({"a": 1, "b": 2}) == json_hash({"b": 2, "a": 1})
        True
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def file_hash(path: Path | str) -> str:
    """SHA-256 (hex) of a whole file."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def state_hash(state: Mapping[str, object]) -> str:
    """SHA-256 (first 16 hex digits) of a state dict: names, types, shapes, bytes.

    Raises:
        TypeError: if an entry is not a tensor.
    """
    import torch

    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name]
        if not isinstance(tensor, torch.Tensor):
            raise TypeError(f"state[{name!r}] is {type(tensor).__name__}, not a tensor")
        digest.update(f"{name}{tensor.dtype}{tuple(tensor.shape)}".encode())
        digest.update(
            tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes()
        )
    return digest.hexdigest()[:16]
