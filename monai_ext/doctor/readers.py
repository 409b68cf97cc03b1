"""Slide readers that really read: each one reads a small slide made on the spot."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from monai_ext.data.pyramid_tiff import write_pyramid_tiff
from monai_ext.errors import MonaiExtError
from monai_ext.wsi import open_slide, read_area

CUCIM_SECONDS = 60
_SIDE = 64
_SCRIPT = """
import sys, torch
from monai_ext.wsi import open_slide, read_area
with open_slide(sys.argv[1], reader="cucim") as slide:
    print("MEAN", float(read_area(slide, 0, 0, 64, 64, 64, 64).mean()))
"""


def reader_lines() -> list[str]:
    """One line a reader: works, or why not."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "doctor.tif"
        pixels = np.full((_SIDE, _SIDE, 3), (200, 120, 180), dtype=np.uint8)
        write_pyramid_tiff(path, pixels, (_SIDE, _SIDE), mpp=0.5, tile_px=_SIDE, quality=95)
        lines = [f"  {name}: {_here(path, name)}" for name in ("strip", "openslide")]
        return [*lines, f"  cucim: {in_child(path)}"]


def in_child(path: Path, seconds: float = CUCIM_SECONDS, script: str = _SCRIPT) -> str:
    """Try cuCIM in a process of its own: on some kernels its import never returns.

    Args:
        path: a slide of 64 px.
        seconds: time that it may take.
        script: what the process runs.
    """
    command = [sys.executable, "-c", script, str(path)]
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and script
            command, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return f"does not come back within {seconds:g} s (an import that hangs): not used"
    if done.returncode == 0 and "MEAN" in done.stdout:
        return "works"
    last = (done.stderr.strip().splitlines() or ["no message"])[-1]
    return f"does not work ({last[:200]}); it is optional: extras cucim-cu12, cucim-cu13"


def _here(path: Path, name: str) -> str:
    try:
        with open_slide(path, reader=name) as slide:
            read_area(slide, 0, 0, _SIDE, _SIDE, _SIDE, _SIDE)
    except (MonaiExtError, ImportError, OSError) as error:
        return f"does not work ({error})"
    return "works"
