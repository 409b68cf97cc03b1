"""Code in a folder that Python would find: MONAI puts a bundle's folder on the search path."""

from __future__ import annotations

from pathlib import Path

_SUFFIXES = {".py", ".pyc", ".pyd", ".so", ".dll", ".dylib"}


def importable_code(folder: Path) -> list[Path]:
    """Modules and packages right in a folder, which an import of their name may run.

    Args:
        folder: a bundle's, or a run's.
    """
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        is_package = path.is_dir() and any(path.glob("__init__.*"))
        if is_package or path.suffix.lower() in _SUFFIXES:
            found.append(path)
    return found
