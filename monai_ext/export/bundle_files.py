"""Which files are a bundle's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

LEFT_BY_RUNS = {"eval", "__pycache__"}


def bundle_files(bundle: Path) -> Iterator[Path]:
    """Files of a bundle, sorted, without hidden ones and what runs left (``eval/``)."""
    for path in sorted(bundle.rglob("*")):
        parts = path.relative_to(bundle).parts
        hidden = any(part.startswith(".") for part in parts)
        if path.is_file() and not hidden and not LEFT_BY_RUNS & set(parts):
            yield path
