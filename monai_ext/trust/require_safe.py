"""The gate that every config passes before it is resolved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monai_ext.errors import TrustError
from monai_ext.trust.config_text import read_configs
from monai_ext.trust.decision import is_trusting
from monai_ext.trust.findings import find_in_config

OUTPUTS = ("output_dir", "score_dir")
"""Ids by which a user says where to write."""
_SHOWN = 5
_META = "metadata.json"


def require_safe(files: Sequence[Path], given: Mapping[str, Any] | None = None) -> None:
    """Refuse configs that do more than build what we know and compute with it.

    MONAI imports every ``_target_`` and evaluates every ``$`` expression
    (https://github.com/Project-MONAI/MONAI/security/advisories/GHSA-873f-pvrv-4x83). Here
    targets and functions have to be in a list, expressions within a small grammar, and places to
    write to below the ids of ``OUTPUTS`` as they are given. Nothing is checked in a process that
    trusts.

    Args:
        files: configs, merged in this order; ``metadata.json`` beside the first is read too, as
            MONAI does.
        given: ids that the caller gives; they are not checked.

    Raises:
        TrustError: names what was found and where.
    """
    if is_trusting():
        return
    folder = files[0].parent
    config = read_configs(files)
    if (folder / _META).is_file():
        config["_meta_"] = read_configs([folder / _META])
    roots = [str(given[name]) for name in OUTPUTS if given and given.get(name) is not None]
    found = find_in_config(config, given, roots)
    faults = [
        f"{ascii(item.where)[1:-1]} {item.what[:100]!r} ({item.fault})"
        for item in found
        if item.fault
    ]
    if faults:
        more = f", and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise TrustError(
            f"{', '.join(path.name for path in files)} in {folder} is refused: "
            f"{'; '.join(faults[:_SHOWN])}{more}",
            "a bundle builds what monai_ext knows, and computes with it, nothing else",
            "look into it (python -m monai_ext inspect), and run it with --trusted if it is yours",
        )
