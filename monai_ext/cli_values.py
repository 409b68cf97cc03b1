"""Values as they come from a command line."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from monai_ext.errors import SettingError
from monai_ext.flags import as_bool


def quoted(word: str) -> str:
    """Keep Fire from reading a value as Python: it would cut ``my#folder`` at the comment sign."""
    if not word.startswith("-"):
        return repr(word)
    name, sign, value = word.partition("=")
    return f"{name}={value!r}" if sign else word


def as_value(text: Any) -> Any:
    """A Python literal, or the text itself."""
    try:
        return ast.literal_eval(text) if isinstance(text, str) else text
    except (ValueError, SyntaxError):
        return text


def as_values(texts: Mapping[str, str]) -> dict[str, Any]:
    """Values of options by name, see :func:`as_value`."""
    return {name: as_value(text) for name, text in texts.items()}


def as_words(text: str) -> list[str]:
    """Words between commas, with or without brackets."""
    return [word.strip() for word in text.strip("()[]").split(",") if word.strip()]


def as_number(text: str) -> int | None:
    """A whole number; empty means none."""
    return int(text) if text else None


def is_number(text: str) -> bool:
    """Whether a text is a number."""
    return isinstance(as_value(text), float | int) and not isinstance(as_value(text), bool)


def refuse_baseline(text: str) -> None:
    """Refuse a switch where a number is meant.

    Raises:
        SettingError: for a true word.
    """
    if as_bool(text):
        raise SettingError(f"--baseline {text}", "it is the C of a regression", "--baseline 0.01")


def refuse_unknown(given: dict[str, str], verb: str, allowed: str) -> None:
    """Refuse options that a verb does not have.

    Raises:
        SettingError: names them, and what the verb allows.
    """
    if given:
        names = ", ".join(f"--{name}" for name in given)
        raise SettingError(
            f"{verb} has no {names}",
            f"its options are in --help, and {allowed}",
            "mend the command",
        )
