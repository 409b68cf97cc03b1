"""Places that functions inside an expression would write to."""

from __future__ import annotations

import ast
import re

from monai_ext.trust.names import WRITING
from monai_ext.trust.references import STAND_IN, parse_references
from monai_ext.trust.targets import WRITTEN


def written_places(expression: str) -> list[str]:
    """The arguments, as expressions, that are places to write to.

    Args:
        expression: within the grammar, with its ``$``.

    Example:
        >>> written_places("$begin_from(@network_def, @weights, @run_dir).to(@device)")
        ['$@run_dir']
    """
    text, ids = parse_references(expression[1:])
    found: list[ast.expr] = []
    for node in ast.walk(ast.parse(text, mode="eval")):
        if isinstance(node, ast.Call):
            found += [key.value for key in node.keywords if key.arg in WRITTEN]
            index = WRITING.get(node.func.id) if isinstance(node.func, ast.Name) else None
            if index is not None and len(node.args) > index:
                found.append(node.args[index])
    return ["$" + _with_references(ast.unparse(node), ids) for node in found]


def _with_references(text: str, ids: list[str]) -> str:
    return re.sub(STAND_IN, lambda match: f"@{ids[int(match.group(1))]}", text)
