"""Command-line values: ``monai.bundle`` passes ``false`` as text and ``2024`` as a number."""

from __future__ import annotations

from pathlib import Path

from monai_ext.errors import SettingError

_WORDS = {"true": True, "yes": True, "1": True, "on": True}
_WORDS |= {"false": False, "no": False, "0": False, "off": False, "none": False, "": False}


def as_bool(value: object) -> bool:
    """Read a truth value as a person means it.

    Args:
        value: a bool, number, ``None`` or a word such as ``"false"``.

    Raises:
        SettingError: for a word that is no truth value.

    Example:
        >>> as_bool("false"), as_bool("True"), as_bool(None)
        (False, True, False)
    """
    if isinstance(value, str):
        if value.strip().lower() not in _WORDS:
            raise SettingError(
                f"value {value!r}", "a switch is true or false", "write True or False"
            )
        return _WORDS[value.strip().lower()]
    return bool(value)


def as_path(value: object) -> Path | None:
    """Read a path, also where the command line made a number of it; empty means none.

    Example:
        >>> as_path(2024), as_path(""), as_path(None)
        (PosixPath('2024'), None, None)
    """
    return None if value is None or str(value) == "" else Path(str(value)).expanduser()
