"""Where a config would write, worked out without running it."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from monai_ext.errors import TrustError
from monai_ext.trust.references import STAND_IN, parse_references

_DEEPEST = 8
_MOST_IDS = 3
_ID = re.compile(r"[@%](\w+(?:(?:::|#)\w+)*)")


def place_of(value: Any, config: Mapping[str, Any], depth: int = 0) -> str | PurePath | None:
    """The path that a value stands for.

    Read are texts, references, macros, ``str()``, ``as_path()``, ``+``, ``/`` and ``.parent``.

    Args:
        value: of an argument.
        config: merged, with what the command line gives.
        depth: of references so far.

    Returns:
        A text, a path, or None for no place.

    Raises:
        TrustError: if it cannot be told.
    """
    if isinstance(value, int | float | None | PurePath):
        return value if value is None or isinstance(value, PurePath) else str(value)
    if not isinstance(value, str) or depth > _DEEPEST:
        raise _untold(value)
    if value[:1] == "$":
        text, ids = parse_references(value[1:])
        try:
            tree = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise _untold(value) from error
        if len(ids) > _MOST_IDS:
            raise _untold(value)
        return _computed(tree, [place_of(f"@{name}", config, depth + 1) for name in ids])
    if value[:1] in {"@", "%"}:
        if (match := _ID.fullmatch(value)) is None:  # MONAI would take it as it is
            raise _untold(value)
        return place_of(_item(config, match.group(1)), config, depth + 1)
    return value


def is_inside(place: str | PurePath | None, roots: Sequence[str | Path]) -> bool:
    """Whether a place is none, below one of the roots, or one of them.

    Without roots it has to be relative and stay below where it begins.
    """
    if place is None:
        return True
    path = Path(place).expanduser()
    if not roots:
        return not path.is_absolute() and ".." not in path.parts
    return any(path.resolve().is_relative_to(Path(root).resolve()) for root in roots)


def _item(config: Mapping[str, Any], name: str) -> Any:
    found: Any = config
    for part in name.replace("#", "::").split("::"):
        if isinstance(found, Mapping) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            raise _untold(f"@{name}")
    return found


def _computed(node: ast.AST, references: Sequence[str | PurePath | None]) -> Any:
    if isinstance(node, ast.Name) and (match := STAND_IN.fullmatch(node.id)):
        return references[int(match.group(1))]
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | None):
        return None if node.value is None else str(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        return _called(node.func.id, _computed(node.args[0], references))
    if isinstance(node, ast.Attribute) and node.attr == "parent":
        return PurePath(_computed(node.value, references)).parent
    if isinstance(node, ast.BinOp):
        left, right = _computed(node.left, references), _computed(node.right, references)
        return _joined(node.op, left, right)
    raise _untold(ast.unparse(node))


def _called(name: str, value: str | PurePath | None) -> str | PurePath | None:
    if name == "str":
        return str(value)
    if name == "as_path":
        return PurePath(value) if value else None
    raise _untold(f"{name}()")


def _joined(operator: ast.operator, left: Any, right: Any) -> str | PurePath:
    if isinstance(operator, ast.Add) and isinstance(left, str) and isinstance(right, str):
        return left + right
    if isinstance(operator, ast.Div) and left is not None and right is not None:
        return PurePath(left) / right
    raise _untold(type(operator).__name__)


def _untold(value: Any) -> TrustError:
    return TrustError(
        f"where {str(value)[:80]!r} leads cannot be told",
        "a place to write to is put together from texts and references",
        "write it plainly",
    )
