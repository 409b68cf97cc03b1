"""What a killed run leaves behind."""

from __future__ import annotations

import os
import re
from pathlib import Path

from monai_ext.atomic import PARTIAL_SUFFIX

_PARTIAL = re.compile(rf"\.(?P<pid>\d+)({re.escape(PARTIAL_SUFFIX)}\..+|\.probe)", re.DOTALL)


def remove_stale_partials(folder: Path | str) -> list[Path]:
    """Remove temporary files whose process is gone; those of living processes stay.

    Args:
        folder: searched with all folders in it.

    Returns:
        What was removed.
    """
    stale = [path for path in Path(folder).rglob(".*") if _is_stale(path)]
    for path in stale:
        path.unlink(missing_ok=True)
    return stale


def _is_stale(path: Path) -> bool:
    match = _PARTIAL.fullmatch(path.name)
    return match is not None and path.is_file() and not _is_alive(int(match["pid"]))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
