"""One ZIP that holds a bundle and the library it needs."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_ext.atomic import make_folder
from monai_ext.errors import BundleError
from monai_ext.export.archive import write_archive
from monai_ext.export.bundle_files import bundle_files
from monai_ext.export.identity import demo_name, require_name, with_version
from monai_ext.export.model_info import record_version
from monai_ext.export.run_overlay import run_overlay
from monai_ext.export.used_modules import used_files
from monai_ext.export.wheel import build_wheel

WHEELS, METADATA, CARD = "wheels", "configs/metadata.json", "docs/README.md"
WARNING = """> **Demonstration weights.** Trained on invented slides, to show how things work.
> They say nothing about tissue; `python -m monai_ext predict` refuses slides that may be real.

"""


@dataclass(frozen=True)
class Share:
    """As what a bundle is shared.

    Args:
        name: of its folder; empty: the bundle's.
        version: empty: the bundle's.
        change: line of the changelog for this version.
        source: address at which it is published; from then on the version is fixed.
        replace: let a version that is not published have another checksum than recorded.
        is_demo: weights of invented slides: ``demo`` in name and version, a warning in the card.
    """

    name: str = ""
    version: str = ""
    change: str = ""
    source: str = ""
    replace: bool = False
    is_demo: bool = False


def package_bundle(
    bundle: Path,
    output: Path,
    project: Path,
    *,
    table: Path,
    run: Path | None = None,
    vendor: bool = False,
    share: Share | None = None,
) -> tuple[Path, str]:
    """Write ``<name>_v<version>.zip`` with the folder ``<name>/``; equal input, equal bytes.

    Args:
        bundle: its folder.
        output: folder of the ZIP.
        project: source tree of ``monai_ext``.
        table: ``model_info.json``, gets the checksum; a refused version leaves no ZIP.
        run: trained run whose weights and values go along; none: the bundle is to be trained.
        vendor: put the modules that the configs use into the bundle, in place of the library's
            wheel under ``wheels/``: commands that are given in the bundle's folder find them
            without installation (MONAI adds that folder by itself only after ``initialize``).
        share: name, version and address, where they are not the bundle's own.

    Returns:
        The ZIP and its SHA-1.

    Raises:
        BundleError: if the run does not fit, no wheel can be built, name or version have another
            form, or the version is known with other content.
    """
    share = share or Share()
    inside: dict[str, bytes | Path] = {
        path.relative_to(bundle).as_posix(): path for path in bundle_files(bundle)
    }
    if run is not None:
        inside |= run_overlay(bundle, run)
    metadata: dict[str, Any] = json.loads(_data(inside[METADATA]))
    name, version, change = share.name or bundle.name, share.version, share.change
    if share.is_demo:
        name = share.name or demo_name(bundle.name)
        version = version or f"{metadata['version']}-demo"
        change = change or "Demonstration weights, trained on invented slides"
        inside[CARD] = WARNING.encode() + _data(inside[CARD])
    if version:
        metadata = with_version(metadata, version, change)
        inside[METADATA] = (json.dumps(metadata, indent=2, ensure_ascii=False) + "\n").encode()
    require_name(name)
    archive = make_folder(output) / f"{name}_v{metadata['version']}.zip"
    with tempfile.TemporaryDirectory(dir=output) as folder:
        inside |= _vendored(bundle, project) if vendor else _wheel(project, Path(folder))
        entries = {f"{name}/{place}": content for place, content in inside.items()}
        written = Path(folder) / archive.name
        checksum = write_archive(written, entries)
        record_version(table, archive.stem, checksum, source=share.source, replace=share.replace)
        written.replace(archive)
    return archive, checksum


def _data(content: bytes | Path) -> bytes:
    return content if isinstance(content, bytes) else content.read_bytes()


def _wheel(project: Path, folder: Path) -> dict[str, bytes | Path]:
    wheel = build_wheel(project, folder)
    return {f"{WHEELS}/{wheel.name}": wheel}


def _vendored(bundle: Path, project: Path) -> dict[str, bytes | Path]:
    package = project / "monai_ext"
    if not package.is_dir():
        raise BundleError(f"{project} has no monai_ext", "what is vendored is read", "name it")
    found = used_files(sorted((bundle / "configs").rglob("*.json")), package)
    return {path.relative_to(project).as_posix(): path for path in found}
