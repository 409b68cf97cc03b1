"""``model_info.json``: the checksum of each version that was packed, in the Model Zoo's form."""

from __future__ import annotations

import json
from pathlib import Path

from monai_ext.atomic import write_atomically
from monai_ext.errors import BundleError


def record_version(
    table: Path, archive: str, checksum: str, *, source: str = "", replace: bool = False
) -> None:
    """Add ``<name>_v<version>: {checksum, source}``.

    A version with a source is published; one without is not, and may change by ``replace``.

    Args:
        table: the JSON file; made where it is missing.
        archive: ``<name>_v<version>``.
        checksum: SHA-1 of the ZIP.
        source: address it can be fetched from; empty: that known before, or not published.
        replace: let a version that is not published have another checksum than before.

    Raises:
        BundleError: if the version is there with another checksum.
    """
    known = json.loads(table.read_text(encoding="utf-8")) if table.is_file() else {}
    before = known.get(archive, {"checksum": checksum, "source": ""})
    if before["checksum"] != checksum and (before["source"] or not replace):
        raise BundleError(
            f"{table} has {archive} with checksum {before['checksum']}, this one is {checksum}",
            "a version that was packed does not change",
            "raise version and changelog in configs/metadata.json"
            + ("" if before["source"] else ", or --replace True while it is not published"),
        )
    known[archive] = {"checksum": checksum, "source": source or before["source"]}
    with write_atomically(table) as partial:
        partial.write_text(json.dumps(known, indent=4, sort_keys=True) + "\n", encoding="utf-8")
