"""Names of slides and images that are names of files too."""

from __future__ import annotations

from pathlib import PurePath


def is_file_name(name: str) -> bool:
    """Whether a name is that of a file in whatever folder: it leads nowhere else.

    Example:
        >>> is_file_name("a.b c"), is_file_name("../a"), is_file_name("")
        (True, False, False)
    """
    is_alone = PurePath(name).name == name and name not in {"", ".", ".."}
    return is_alone and "\\" not in name and "\0" not in name
