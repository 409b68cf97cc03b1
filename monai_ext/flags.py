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

    MONAI's config parser writes ``::`` for every ``#`` in a value. Where no ``::`` path exists,
    the ``#`` is put back.

    Example:
        >>> as_path(2024), as_path(""), as_path(None), as_path("slides ::1")
        (PosixPath('2024'), None, None, PosixPath('slides #1'))
    """
    if value is None or str(value) == "":
        return None
    path = Path(str(value)).expanduser()
    return path if "::" not in str(path) or path.exists() else Path(str(path).replace("::", "#"))


def as_folder(value: object) -> Path:
    """A path that must be given.

    Raises:
        SettingError: if it is empty.
    """
    path = as_path(value)
    if path is None:
        raise SettingError("a folder or file is not given", "it is needed", "see --help")
    return path
