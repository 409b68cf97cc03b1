"""An image of a server, with what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from monai_ext.engines.segment_region import Box


@dataclass(frozen=True)
class StoredImage:
    """An image of the server.

    Attributes:
        name: its id.
        path: its file.
        label: file of its annotations; ``None``: there are none.
        known: regions that are annotated in patches of their own, level-0 px from the corner of
            the bounds.
        slide: of a patch, the file of its slide.
    """

    name: str
    path: Path
    label: Path | None
    known: tuple[Box, ...] = ()
    slide: Path | None = None
