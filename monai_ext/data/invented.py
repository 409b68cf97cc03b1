"""The mark of a slide that was painted by this library, and shows no tissue of anybody."""

from __future__ import annotations

from pathlib import Path

INVENTED = "Invented by monai_ext: planted truth, no tissue"
"""Tag ImageDescription of such a slide."""


def is_invented(path: Path | str) -> bool:
    """Whether a slide carries the mark; one that cannot be opened does not."""
    import openslide

    try:
        with openslide.OpenSlide(str(path)) as slide:
            return slide.properties.get("tiff.ImageDescription") == INVENTED
    except openslide.OpenSlideError:
        return False
