"""Real data that lies outside the project."""

from __future__ import annotations

import os
from pathlib import Path


def shared_data_path(name: str, *, root: Path | str = ".") -> Path:
    """Path of a real data set, or a pytest skip that says why.

    Args:
        name: path inside the data folder, e.g. ``"slides/cmu-1-small-region.svs"``.
        root: the repository's root, from which the default ``../shared/data`` counts.

    Returns:
        The path, which exists.
    """
    import pytest

    folder = Path(os.environ.get("MONAI_EXT_DATA", Path(root) / "../shared/data"))
    path = folder / name
    if not path.exists():
        pytest.skip(f"real data {name!r} not found in {folder}: set MONAI_EXT_DATA")
    return path
