"""Config files as data: nothing in them is resolved, and they cannot fill the memory."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from monai_ext.errors import TrustError

LONGEST = 2**20
"""Bytes of a config file."""
DEEPEST = 50
"""Brackets inside one another."""
SUFFIXES = (".json", ".yaml", ".yml")


def read_configs(files: Sequence[Path]) -> dict[str, Any]:
    """Merge config files as MONAI does, later ones over earlier ones.

    Args:
        files: JSON or YAML.

    Raises:
        TrustError: if a file is larger than 1 MiB, deeper than 50 levels, no mapping, uses
            aliases of YAML, names a key twice, or cannot be read.
    """
    from monai.bundle import ConfigParser

    for file in files:
        require_small(file)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            merged: Any = ConfigParser.load_config_files([str(file) for file in files])
        except Exception as error:  # whatever a parser makes of it
            raise _unreadable(files, str(error) or type(error).__name__) from error
    if not isinstance(merged, dict):
        raise _unreadable(files, f"{type(merged).__name__}, no mapping")
    if "_meta_" in merged:
        raise _unreadable(files, "_meta_, which is the place of metadata.json")
    level: list[Any] = [merged]
    for _ in range(DEEPEST):
        level = [inner for value in level for inner in _inside(value)]
    if level:
        raise _unreadable(files, f"more than {DEEPEST} levels")
    return merged


def _inside(value: Any) -> list[Any]:
    """Mappings and lists right in one."""
    inner = value.values() if isinstance(value, dict) else value
    return [each for each in inner if isinstance(each, dict | list)]


def require_small(file: Path) -> None:
    """Look at a config's size and depth before it is parsed.

    Raises:
        TrustError: as :func:`read_configs` says.
    """
    if file.suffix.lower() not in SUFFIXES:
        raise _unreadable([file], f"suffix {file.suffix or 'none'}")
    try:
        content = file.read_bytes()[: LONGEST + 1]
        text = content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable([file], str(error)) from error
    if len(content) > LONGEST:
        raise _unreadable([file], "more than 1 MiB")
    is_json = file.suffix.lower() == ".json"
    if (_depth(text) if is_json else _yaml_depth(file, text)) > DEEPEST:
        raise _unreadable([file], f"more than {DEEPEST} levels")


def _depth(text: str) -> int:
    """Of brackets; those inside texts count too, which errs on the side of refusing."""
    depth = deepest = 0
    for letter in text:
        depth = max(0, depth + (letter in "[{") - (letter in "]}"))
        deepest = max(deepest, depth)
    return deepest


def _yaml_depth(file: Path, text: str) -> int:
    import yaml

    depth = deepest = 0
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise _unreadable([file], "an alias")
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            deepest = max(deepest, depth)
            if deepest > DEEPEST:
                break
    except (yaml.YAMLError, RecursionError) as error:
        raise _unreadable([file], "no YAML") from error
    return deepest


def _unreadable(files: Sequence[Path], reason: str) -> TrustError:
    names = ", ".join(file.name for file in files)
    return TrustError(
        f"config {names} is not read ({' '.join(reason.split())[:160]})",
        "a config is JSON or YAML of at most 1 MiB and 50 levels, one mapping, each key once, "
        "without aliases",
        "ask its author for another one",
    )
