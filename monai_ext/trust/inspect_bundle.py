"""What a bundle of a stranger would do, as a page of text; nothing of it is run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from monai_ext.errors import TrustError
from monai_ext.trust.archive import archive_faults
from monai_ext.trust.bundle_configs import config_files, find_in_bundle
from monai_ext.trust.carried_files import find_carried
from monai_ext.trust.findings import BUILDS, EVALUATES, IMPORTS, WRITES, Finding
from monai_ext.trust.unpack import unpack

_TITLES = {
    BUILDS: "imports and builds (_target_)",
    IMPORTS: "imports",
    EVALUATES: "evaluates",
    WRITES: "writes to",
    "reads": "configs that are not read",
    "weights": "weights",
    "programs": "programs",
    "code": "code",
    "links": "links",
}
_SHOWN_IDS = 3


def inspect_bundle(bundle: Path, folder: Path | None = None) -> str:
    """List what a bundle or run would import, evaluate and write, and what is refused.

    Args:
        bundle: a folder, or a zip file.
        folder: unpack the zip file there, if nothing in it is refused.

    Returns:
        The page.

    Raises:
        TrustError: if something is refused; its first part is the page.
    """
    if not bundle.exists():
        raise TrustError(f"{bundle} does not exist", "a bundle is a folder or zip", "mend the path")
    if bundle.is_dir():
        if folder is not None:
            raise TrustError(f"{bundle} is a folder", "a zip file is unpacked", "leave it out")
        return _judged(bundle, *_page(bundle))
    if faults := archive_faults(bundle):
        raise _refused(bundle, f"{bundle.name}\n\nnot unpacked\n" + _lines(faults), len(faults))
    with tempfile.TemporaryDirectory() as place:
        inside = unpack(bundle, Path(place) / "bundle")
        text = _judged(bundle, *_page(_top(inside)))
    if folder is not None:
        text += f"\nunpacked into {unpack(bundle, folder)}"
    return text


def _top(folder: Path) -> Path:
    """A zip file may hold the bundle itself, or its folder."""
    inner = list(folder.iterdir())
    is_folder = len(inner) == 1 and inner[0].is_dir() and inner[0].name != "configs"
    return inner[0] if is_folder else folder


def _page(folder: Path) -> tuple[str, int]:
    configs = [path.name for path in config_files(folder)]
    found = [*find_in_bundle(folder), *(("", finding) for finding in find_carried(folder))]
    parts = [_printable(f"configs: {', '.join(configs) or 'none'}")]
    for kind, title in _TITLES.items():
        lines = list(_section([(name, one) for name, one in found if one.kind == kind]))
        if lines:
            parts.append("\n".join([f"{title}:", *lines]))
    refused = len({(one.what, one.where, one.fault) for _, one in found if one.fault})
    return "\n\n".join(parts), refused


def _printable(text: str) -> str:
    """Names and expressions of strangers do not steer a terminal."""
    return "".join(x if x.isprintable() else ascii(x)[1:-1] for x in text)


def _section(found: Sequence[tuple[str, Finding]]) -> Iterator[str]:
    places: dict[tuple[str, str], list[str]] = {}
    for name, one in found:
        where = f"{name} {one.where}" if name and name != one.where else one.where
        places.setdefault((one.what, one.fault), []).append(where)
    for (what, fault), where in sorted(places.items(), key=lambda item: (not item[0][1], item[0])):
        more = f" and {len(where) - _SHOWN_IDS} more" if len(where) > _SHOWN_IDS else ""
        mark = f"  REFUSED: {fault}" if fault else ""
        yield _printable(f"  {what[:200]}{mark}   [{', '.join(where[:_SHOWN_IDS])}{more}]")


def _judged(bundle: Path, page: str, refused: int) -> str:
    whole = f"{_printable(bundle.name)}\n\n{page}\n"
    if refused:
        raise _refused(bundle, whole, refused)
    return (
        f"{whole}\nNothing is refused: verbs of monai_ext would run it. "
        "`python -m monai.bundle run` checks nothing of this."
    )


def _refused(bundle: Path, page: str, count: int) -> TrustError:
    return TrustError(
        f"{page}\n{_printable(bundle.name)}: {count} things are refused",
        "a stranger's bundle builds what monai_ext knows, and computes with it, nothing else",
        "do not run it, with `python -m monai.bundle run` least of all, unless you have read it",
    )


def _lines(faults: Sequence[str]) -> str:
    return "\n".join(f"  {fault}" for fault in faults[:20])
