"""A small grammar for ``$`` expressions: what is outside of it is refused, not run."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from monai_ext.trust.names import ATTRIBUTES, BUILTINS, DOTTED, IMPORTED, MODULES, WRITING
from monai_ext.trust.references import STAND_IN, parse_references

IMPORTS_ID = "imports"
"""The one id under which a config imports."""
LONGEST = 500
"""Characters of an expression."""
_PLAIN = (
    *(ast.Expression, ast.Load, ast.Store, ast.Name, ast.Constant, ast.Attribute, ast.Call),
    *(ast.keyword, ast.IfExp, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub),
    *(ast.UAdd, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.BitOr),
    *(ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.IsNot),
    *(ast.In, ast.NotIn, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.Subscript, ast.Slice),
    *(ast.GeneratorExp, ast.ListComp, ast.comprehension),
)
_VALUES = (str, int, float, bool, type(None))
_LARGEST = 10**6
VARIABLES = frozenset({"item", "value", "x"})
"""Of comprehensions; they are no names of Python, so that outside of one they are nothing."""


def imported_name(expression: str) -> tuple[str, str] | None:
    """What an import statement brings, and under which name; None if it is no import.

    MONAI takes the first statement and the first name of it; here there may be no others.

    Args:
        expression: with its ``$``.
    """
    try:
        body = ast.parse(expression[1:]).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if len(body) != 1 or not isinstance(body[0], ast.Import | ast.ImportFrom):
        return None
    statement = body[0]
    if len(statement.names) != 1 or getattr(statement, "level", 0):
        return "", ""
    name = statement.names[0]
    if name.asname:  # a function is known here by its own name only
        return "", ""
    start = f"{statement.module}." if isinstance(statement, ast.ImportFrom) else ""
    return start + name.name, name.name


def expression_faults(expression: str, imports: Collection[str] = ()) -> list[str]:
    """Say why an expression is refused; an empty list lets it pass.

    Allowed are references, constants, arithmetic, comparisons, ``a if b else c``, lists, items,
    list comprehensions, a few builtins, the functions of :mod:`monai_ext.trust.names` and the
    attributes named there.

    Args:
        expression: with its ``$``.
        imports: names that the config imports, and may use.
    """
    found = imported_name(expression)
    if found is not None:
        name = found[0]
        is_known = name in MODULES if "." not in name else name in IMPORTED
        return [] if is_known else [f"import of {name or 'several names, or under another'}"]
    if len(expression) > LONGEST:
        return [f"{len(expression)} characters, more than {LONGEST}"]
    if STAND_IN.search(expression):
        return ["a name that stands for references here"]
    text, ids = parse_references(expression[1:])
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ["no expression of Python"]
    faults = ["a reference without a name"] if not all(ids) else []
    faults += ["a reference to imports"] if any(of_imports(name) for name in ids) else []
    faults += _uncalled(tree)
    return faults + list(dict.fromkeys(_faults(tree, {*imports, *BUILTINS} - VARIABLES)))


def of_imports(name: str) -> bool:
    """Whether an id is that of the imports: functions are called by their names only."""
    return name.split("::", maxsplit=1)[0] == IMPORTS_ID


def _uncalled(tree: ast.AST) -> list[str]:
    """Functions that write are called by their name, where their arguments can be read."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in WRITING]
    return [f"{node.id} without a call" for node in names if id(node) not in called]


def _faults(node: ast.AST, names: Collection[str]) -> Iterator[str]:
    dotted = _dotted(node)
    if dotted and dotted.split(".")[0] in MODULES:
        if dotted not in DOTTED or not isinstance(getattr(node, "ctx", None), ast.Load):
            yield f"name {dotted}"
        return
    yield from _fault(node, names)
    for child in ast.iter_child_nodes(node):
        yield from _faults(child, names)


def _fault(node: ast.AST, names: Collection[str]) -> Iterator[str]:
    if not isinstance(node, _PLAIN):
        yield f"{type(node).__name__} in an expression"
    elif isinstance(getattr(node, "ctx", None), ast.Store):
        is_variable = isinstance(node, ast.Name) and node.id in VARIABLES
        yield from () if is_variable else (f"{ast.unparse(node)} as a variable",)
    elif isinstance(node, ast.Name) and not STAND_IN.fullmatch(node.id):
        yield from () if node.id in names or node.id in VARIABLES else (f"name {node.id}",)
    elif isinstance(node, ast.Attribute):
        yield from () if node.attr in ATTRIBUTES else (f"attribute {node.attr}",)
    elif isinstance(node, ast.keyword):
        yield from () if node.arg else ("arguments of a dictionary",)
    else:
        yield from _value_fault(node)


def _value_fault(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield from _constant_fault(node.value)
    elif isinstance(node, ast.BinOp):
        yield from _product_fault(node)
    elif isinstance(node, ast.Call):
        is_named = isinstance(node.func, ast.Attribute) or (
            isinstance(node.func, ast.Name) and node.func.id not in VARIABLES
        )
        yield from () if is_named else ("a call of what has no name",)


def _constant_fault(value: object) -> Iterator[str]:
    if not isinstance(value, _VALUES):
        yield f"constant of {type(value).__name__}"
    elif isinstance(value, int | float) and not abs(value) <= _LARGEST:
        yield f"a number beyond {_LARGEST}"
    elif isinstance(value, str) and STAND_IN.search(value):
        yield "a reference inside a text"


def _product_fault(node: ast.BinOp) -> Iterator[str]:
    sides = (node.left, node.right)
    is_long = any(
        isinstance(side, ast.List | ast.Tuple)
        or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in sides
    )
    if isinstance(node.op, ast.Mult) and is_long:
        yield "a text or a list many times"


def _dotted(node: ast.AST) -> str:
    """``a.b.c`` of attributes of a name; of anything else nothing."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        start = _dotted(node.value)
        return f"{start}.{node.attr}" if start else ""
    return ""
