"""Pictures on disk: complete or not there, with the provenance id inside."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from monai_ext.atomic import write_atomically


def write_png(path: Path | str, picture: Image.Image, *, provenance: str = "") -> None:
    """Write a PNG whose only text member is ``provenance``; no date, path or name goes in."""
    notes = PngInfo()
    notes.add_text("provenance", provenance)
    with write_atomically(path) as partial:
        picture.save(partial, format="PNG", pnginfo=notes)
