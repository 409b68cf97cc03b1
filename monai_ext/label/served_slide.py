"""The mpp of a slide on a server: its file's, or the operator's default."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from monai_ext import wsi
from monai_ext.engines.segment_image import PlainImage, is_plain_image
from monai_ext.engines.segment_settings import SegmentationSettings
from monai_ext.engines.segment_source import SlideToSegment
from monai_ext.errors import SlideError


@contextmanager
def opened_slide(
    path: Path, name: str, settings: SegmentationSettings, default: float | None
) -> Iterator[SlideToSegment]:
    """A slide as a segmenter reads it, at the mpp of its file or the operator's; closed after use.

    Args:
        path: slide or image.
        name: of it.
        settings: how the network sees it.
        default: the operator's mpp.

    Raises:
        SlideError: as :func:`known_mpp`.
    """
    slide = SlideToSegment(path, name, known_mpp(path, default, settings.reader).given, settings)
    try:
        yield slide
    finally:
        slide.close()


class KnownMpp(NamedTuple):
    """Um a level-0 px."""

    given: float | None
    """What to give in place of what the file says; ``None``: the file says it."""
    source: str
    """For the record."""


def known_mpp(path: Path, default: float | None, reader: str = "auto") -> KnownMpp:
    """Where the mpp of a slide comes from.

    A region that QuPath uploads as PNG says nothing of its resolution.

    Args:
        path: slide or image.
        default: the operator's; ``None``: there is none.
        reader: slide reader.

    Raises:
        SlideError: if the file has no believable mpp and there is no default, or it cannot be read.
    """
    opened = PlainImage(path) if is_plain_image(path) else wsi.open_slide(path, reader)
    with opened as slide:
        try:
            wsi.require_mpp(slide.info)
        except SlideError as error:
            if default is None:
                raise SlideError(
                    error.found.replace(str(path), path.name),
                    error.rule,
                    "start the server with --conf mpp, um a pixel of images that do not say it",
                ) from error
            return KnownMpp(float(default), "operator's default")
    return KnownMpp(None, "file")
