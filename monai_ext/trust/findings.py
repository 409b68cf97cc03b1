"""What a config would do, item by item."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_ext.errors import TrustError
from monai_ext.trust.expression import (
    IMPORTS_ID,
    expression_faults,
    imported_name,
    of_imports,
)
from monai_ext.trust.expression_places import written_places
from monai_ext.trust.places import is_inside, place_of
from monai_ext.trust.targets import CALLABLE, TARGETS, WRITTEN

BUILDS, IMPORTS, EVALUATES, WRITES = "builds", "imports", "evaluates", "writes"
_KEY = re.compile(r"\w[\w .\-]*")
_SPECIAL_KEYS = {"_target_", "_mode_", "_disabled_", "_requires_", "_desc_", "_meta_"}
_REFUSED_KEYS = {"compile", "compile_kwargs"}  # of engines: a compiler is a program
_RENAMED = "optional_packages_version"
_MOST_MACROS = 10
_NEEDED = {"TensorBoardStatsHandler": "log_dir"}  # else it chooses a place itself


@dataclass(frozen=True)
class Finding:
    """One thing that a config would do.

    Args:
        kind: ``builds``, ``imports``, ``evaluates`` or ``writes``.
        where: id of the item.
        what: the target, statement, expression or place.
        fault: why it is refused; empty where it is not.
    """

    kind: str
    where: str
    what: str
    fault: str = ""


def find_in_config(
    config: Mapping[str, Any],
    given: Mapping[str, Any] | None = None,
    roots: Sequence[str | Path] = (),
) -> list[Finding]:
    """List what a merged config would import, evaluate, build and write; run nothing.

    Args:
        config: as :func:`monai_ext.trust.config_text.read_configs` gives it.
        given: ids that the command line gives; they are its user's own words.
        roots: folders that may be written to; without, places are relative.
    """
    whole = {**config, **(given or {})}
    found = [*_top_faults(config), *_component(config, "")]
    for key, inner in config.items():
        if key not in (given or {}):
            found += [*_key_fault(key, ""), *_walk(inner, str(key))]
    names = [imported_name(item.what) for item in found if item.kind == IMPORTS]
    imports = {name[1] for name in names if name is not None}
    findings = []
    for item in found:
        if item.kind == EVALUATES:
            faults = [item.fault] if item.fault else expression_faults(item.what, imports)
            findings.append(Finding(EVALUATES, item.where, item.what, "; ".join(faults)))
            places = [] if faults else written_places(item.what)
            findings += [_placed(item.where, place, whole, roots) for place in places]
        elif item.kind == WRITES:
            findings.append(_placed(item.where, item.value, whole, roots))
        else:
            findings.append(Finding(item.kind, item.where, item.what, item.fault))
    return findings


@dataclass(frozen=True)
class _Item(Finding):
    value: Any = None


def _walk(value: Any, where: str) -> Iterator[_Item]:
    if isinstance(value, Mapping):
        yield from _component(value, where)
        for key, inner in value.items():
            yield from _key_fault(key, where)
            yield from _walk(inner, f"{where}::{key}" if where else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _walk(inner, f"{where}::{number}" if where else str(number))
    elif isinstance(value, str):
        yield from _text(value, where)


def _top_faults(config: Mapping[str, Any]) -> Iterator[_Item]:
    if _RENAMED in config:
        yield _Item(BUILDS, _RENAMED, _RENAMED, "an id that MONAI renames")
    macros = sum(1 for text in texts_in(config) if text[:1] == "%")
    if macros > _MOST_MACROS:
        yield _Item(BUILDS, "", f"{macros} macros", f"more than {_MOST_MACROS}")


def texts_in(value: Any) -> Iterator[str]:
    """All texts inside mappings and lists."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_in(inner)
    elif isinstance(value, str):
        yield value


def _component(value: Mapping[str, Any], where: str) -> Iterator[_Item]:
    if "_target_" not in value:
        return
    target = value["_target_"]
    is_known = isinstance(target, str) and target in TARGETS
    yield _Item(BUILDS, where, str(target), "" if is_known else "not a target that we know")
    modes = ("default", "callable") if str(target) in CALLABLE else ("default",)
    if value.get("_mode_", "default") not in modes:
        yield _Item(BUILDS, where, str(target), f"_mode_ {value['_mode_']!s:.40}")
    if is_known and _NEEDED.get(target, "_target_") not in value:
        yield _Item(BUILDS, where, target, f"no {_NEEDED[target]}")
    for name in sorted(WRITTEN & set(value)):
        yield _Item(WRITES, f"{where}::{name}", "", value=value[name])


def _key_fault(key: Any, where: str) -> Iterator[_Item]:
    if not isinstance(key, str) or _KEY.fullmatch(key) is None:
        yield _Item(BUILDS, f"{where}::{key}", str(key), "a key that is no plain name")
    elif key in _REFUSED_KEYS or (key[:1] == key[-1:] == "_" and key not in _SPECIAL_KEYS):
        yield _Item(BUILDS, f"{where}::{key}", key, "a key that makes MONAI or torch do more")


def _text(value: str, where: str) -> Iterator[_Item]:
    normal = value.replace("#", "::")
    if normal[:1] in {"@", "%", "$"} and ("@::" in normal or "%::" in normal):
        yield _Item(EVALUATES, where, value, "a relative id")
    elif value[:1] == "$":
        kind = IMPORTS if imported_name(value) is not None else EVALUATES
        fault = "; ".join(expression_faults(value)) if kind == IMPORTS else ""
        if kind == IMPORTS and not re.fullmatch(rf"{IMPORTS_ID}::\d+", where):
            fault = f"an import outside of {IMPORTS_ID}"
        yield _Item(kind, where, value, fault)
    elif value[:1] in {"@", "%"} and of_imports(normal[1:]):
        yield _Item(EVALUATES, where, value, "a reference to imports")
    elif value[:1] == "%" and not normal[1:].replace("::", "").isidentifier():
        yield _Item(IMPORTS, where, value, "a part of another file")


def _placed(
    where: str, value: Any, config: Mapping[str, Any], roots: Sequence[str | Path]
) -> Finding:
    try:
        place = place_of(value, config)
    except TrustError as error:
        return Finding(WRITES, where, str(value), error.found)
    fault = "" if is_inside(place, roots) else "outside of the output folder"
    return Finding(WRITES, where, str(place), fault)
