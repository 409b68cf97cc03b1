"""The library as a wheel, built from its source tree."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from monai_ext.errors import BundleError


def build_wheel(project: Path, folder: Path) -> Path:
    """Build the wheel of a source tree into a folder; the same tree gives the same bytes.

    Args:
        project: folder with ``pyproject.toml``.
        folder: gets the wheel.

    Raises:
        BundleError: if there is no source tree, hatchling is missing, or the build fails.
    """
    if not (project / "pyproject.toml").is_file():
        raise BundleError(
            f"{project} has no pyproject.toml",
            "a wheel is built from the source tree",
            "run from a clone of the project, or --vendor True",
        )
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d"]
    command.append(str(folder.resolve()))
    ended = subprocess.run(  # noqa: S603
        command, cwd=project, capture_output=True, text=True, check=False
    )
    wheels = sorted(folder.glob("*.whl"))
    if ended.returncode or not wheels:
        raise BundleError(
            f"no wheel was built: {(ended.stderr.strip().splitlines() or ['no output'])[-1]}",
            "python -m hatchling build -t wheel",
            "pip install hatchling, or --vendor True",
        )
    return wheels[0]
