"""A slide as QuPath shows it: cropped to the bounds that OpenSlide reports."""

from __future__ import annotations

import dataclasses

import numpy as np

from monai_ext.wsi import SlideReader


class FramedSlide:
    """A reader whose level-0 px count from the corner of the slide's bounds.

    What is found in it needs no shift for QuPath, and a canvas that is mostly empty costs nothing.
    Sizes of lower levels stay those of the file; nothing but their downsample is used.

    Args:
        slide: the reader; it is closed with this one.
    """

    def __init__(self, slide: SlideReader) -> None:
        self.inner = slide
        x, y, width, height = slide.info.bounds or (0, 0, slide.info.width, slide.info.height)
        self.origin = (x, y)
        self.info = dataclasses.replace(slide.info, width=width, height=height, bounds=None)

    @property
    def backend(self) -> str:
        """See ``SlideReader.backend``."""
        return self.inner.backend

    def read_region(self, x: int, y: int, width: int, height: int, level: int) -> np.ndarray:
        """See ``SlideReader.read_region``; ``x`` and ``y`` count from the corner of the bounds."""
        return self.inner.read_region(x + self.origin[0], y + self.origin[1], width, height, level)

    def close(self) -> None:
        """Release the file; reading again opens it again."""
        self.inner.close()

    def __enter__(self) -> FramedSlide:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def framed(slide: SlideReader) -> SlideReader:
    """The slide itself where it has no bounds, so that its reader keeps its speed.

    Args:
        slide: the reader.
    """
    return slide if slide.info.bounds is None else FramedSlide(slide)
