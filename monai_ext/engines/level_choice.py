"""The magnifications that a config asks for, held against those of the features."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from monai_ext.data import Datalist
from monai_ext.engines.plain_errors import plain_errors
from monai_ext.errors import SettingError


def require_levels(
    levels: Sequence[int], split: Datalist, output_dir: Path | str | None = None
) -> None:
    """Refuse levels that the features lack, before a network is built for them.

    Args:
        levels: that the network is to read.
        split: what the features have.
        output_dir: folder for the traceback.

    Raises:
        SystemExit: with one plain line where a level is missing, or it is no list of levels.
    """
    with plain_errors(output_dir):
        is_list = isinstance(levels, (list, tuple)) and len(levels) > 0
        if is_list and set(levels) <= set(split.levels):
            return
        raise SettingError(
            f"levels={list(levels) if is_list else levels}, the features of the split have "
            f"levels {split.levels}",
            "levels is a list of magnifications of the features, 0 = finest",
            'leave it out to read all there are, e.g. --levels "[0]" for the finest, or split '
            "features of more magnifications",
        )
