"""What every reader offers."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from monai_ext.wsi.info import SlideInfo


class SlideReader(Protocol):
    """An open slide.

    Readers open their file on first use and again in a forked or spawned worker; they pickle.
    """

    @property
    def info(self) -> SlideInfo:
        """Size, resolution, identity."""
        ...

    @property
    def backend(self) -> str:
        """``"strip"``, ``"cucim"`` or ``"openslide"``: record it with what was read."""
        ...

    def read_region(self, x: int, y: int, width: int, height: int, level: int) -> np.ndarray:
        """Pixels of one stored level.

        Args:
            x: left edge in level-0 px; the nearest stored px is taken.
            y: top edge in level-0 px.
            width: in px of the stored level.
            height: in px of the stored level.
            level: index into ``info.levels``.

        Returns:
            uint8 [height, width, 3] RGB, white outside the slide.

        Raises:
            SlideError: if the stored pixels cannot be read.
        """
        ...

    def close(self) -> None:
        """Release the file; reading again opens it again."""
        ...

    def __enter__(self) -> SlideReader: ...

    def __exit__(self, *exc: object) -> None: ...
