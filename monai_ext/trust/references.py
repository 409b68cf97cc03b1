"""References inside MONAI's expressions, made readable for Python's parser."""

from __future__ import annotations

import re

_REFERENCE = re.compile(r"@(\w*(?:::\w*)*)")
_STAND_IN = "reference_{}_of_config"
STAND_IN = re.compile(r"reference_(\d+)_of_config")


def parse_references(text: str) -> tuple[str, list[str]]:
    """Put a plain name in the place of each ``@id``.

    Args:
        text: an expression without its ``$``.

    Returns:
        The text with names that ``STAND_IN`` matches, and the ids by number, ``::`` between
        their parts.

    Example:
        >>> parse_references("@run_dir / 'a.csv'")
        ("reference_0_of_config / 'a.csv'", ['run_dir'])
    """
    ids: list[str] = []

    def stand_in(match: re.Match[str]) -> str:
        ids.append(match.group(1))
        return _STAND_IN.format(len(ids) - 1)

    return _REFERENCE.sub(stand_in, text.replace("#", "::")), ids
