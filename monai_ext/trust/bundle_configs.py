"""Which files of a folder are configs, and with which others they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from monai_ext.errors import TrustError
from monai_ext.trust.config_text import SUFFIXES, read_configs
from monai_ext.trust.findings import Finding, find_in_config, texts_in

_DATA = {"run.json", "summary.json", "metadata.json"}
OUTPUT = "OUTPUT"
"""Stands for the folder that a verb gives."""
_HEAD = re.compile(r"@(\w+)")


def config_files(folder: Path) -> list[Path]:
    """Configs of a bundle (``configs/``) or of a run (side by side with its weights)."""
    shelf = folder / "configs" if (folder / "configs").is_dir() else folder
    return sorted(
        path
        for path in shelf.iterdir()
        if path.suffix.lower() in SUFFIXES and path.name not in _DATA and path.is_file()
    )


def find_in_bundle(folder: Path) -> Iterator[tuple[str, Finding]]:
    """List what each config of a folder would do, by file.

    One that refers to ids which it lacks is read over ``train``, else over ``inference``, as it
    would be run.

    Args:
        folder: of a bundle or a run.
    """
    files = config_files(folder)
    for file in files:
        try:
            config = _whole(file, files)
        except TrustError as error:
            yield file.name, Finding("reads", file.name, file.name, error.found)
            continue
        for found in find_in_config(config, {"output_dir": OUTPUT}, [OUTPUT]):
            yield file.name, found
    for file in sorted(folder.rglob("metadata.json")):
        try:
            described = find_in_config({"_meta_": read_configs([file])})
        except TrustError as error:
            described = [Finding("reads", file.name, file.name, error.found)]
        for found in described:
            yield file.name, found


def _whole(file: Path, files: list[Path]) -> dict[str, Any]:
    names = ("train", "inference")
    bases = [path for name in names for path in files if path.stem == name and path != file]
    ways = [[file], *([base, file] for base in bases)]
    for given in ways[:-1]:
        with suppress(TrustError):  # alone it may change ids that it lacks
            if _is_complete(config := read_configs(given)):
                return config
    return read_configs(ways[-1])


def _is_complete(config: dict[str, Any]) -> bool:
    marked = [text for text in texts_in(config) if text[:1] in {"@", "$"}]
    return set(_HEAD.findall(" ".join(marked))) <= set(config)
