"""Which files of a package some configs need, told by reading them, without running anything."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path


def used_files(configs: Iterable[Path], package: Path) -> list[Path]:
    """Files of a package that configs name, and those that these import, wherever they do.

    A module needs its packages' ``__init__``; an import inside a function counts, and so do
    files beside a module that are no Python (tables, weights).

    Args:
        configs: texts that name modules by their dotted path, as ``_target_`` and ``imports`` do.
        package: folder of the package.

    Returns:
        Sorted.
    """
    texts = [path.read_text(encoding="utf-8") for path in configs]
    dotted = re.compile(rf"\b{package.name}\b(?:\.\w+)*")
    wanted = [name for text in texts for name in dotted.findall(text)]
    found: set[Path] = set()
    while wanted:
        for path in _files_of(wanted.pop(), package):
            if path not in found:
                found.add(path)
                wanted += _imports_of(path, package.name)
    folders = {path.parent for path in found}
    beside = {
        path
        for folder in folders
        for path in folder.iterdir()
        if path.is_file() and path.suffix not in {".py", ".pyc"}
    }
    return sorted(found | beside)


def _files_of(name: str, package: Path) -> Iterator[Path]:
    """``a.b.c`` -> ``a/__init__.py``, ``a/b/__init__.py`` and what of ``c`` there is."""
    place = package
    yield package / "__init__.py"
    for part in name.split(".")[1:]:
        place = place / part
        if (place / "__init__.py").is_file():
            yield place / "__init__.py"
        elif place.with_suffix(".py").is_file():
            yield place.with_suffix(".py")
            return


def _imports_of(path: Path, package: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == package)
