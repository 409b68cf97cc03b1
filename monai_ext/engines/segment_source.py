"""One slide or image that waits to be segmented, and the transform that makes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monai.transforms.transform import Transform

from monai_ext import wsi
from monai_ext.data.file_name import is_file_name
from monai_ext.engines.segment_frame import framed
from monai_ext.engines.segment_image import PlainImage, is_plain_image
from monai_ext.engines.segment_settings import SegmentationSettings
from monai_ext.errors import SlideError
from monai_ext.hashing import file_hash


class SlideToSegment:
    """A slide by its path; its file is opened when it is asked for.

    Args:
        path: slide or plain image.
        slide: its name.
        mpp: um a level-0 px, in place of what the file says.
        settings: how it is read.
    """

    def __init__(
        self, path: Path | str, slide: str, mpp: float | None, settings: SegmentationSettings
    ) -> None:
        self.path, self.slide, self.given_mpp, self.settings = Path(path), slide, mpp, settings
        self._reader: wsi.SlideReader | None = None
        self._origin = (0, 0)

    @property
    def reader(self) -> wsi.SlideReader:
        """The open slide, cropped to its bounds.

        Raises:
            SlideError: if it cannot be opened.
        """
        if self._reader is None:
            slide = self._open()
            self._origin, self._reader = slide.info.origin, framed(slide)
        return self._reader

    @property
    def origin(self) -> tuple[int, int]:
        """Level-0 px ``(x, y)`` of the slide where the reader's (0, 0) lies."""
        _ = self.reader
        return self._origin

    @property
    def mpp(self) -> float:
        """Um a level-0 px.

        Raises:
            SlideError: if none is believable.
        """
        return wsi.require_mpp(self.reader.info)

    @property
    def outlines(self) -> Path | None:
        """The user's file of its tissue, if there is one."""
        folder = self.settings.outlines
        path = None if folder is None else folder / f"{self.slide}.geojson"
        return path if path is not None and path.is_file() else None

    @property
    def request(self) -> dict[str, Any]:
        """What decides its label map, apart from file and network."""
        tissue = None if self.outlines is None else file_hash(self.outlines)
        return self.settings.request() | {"mpp": self.given_mpp, "outlines": tissue}

    def tissue(self) -> wsi.TissueMask | None:
        """Where tissue is; ``None`` is everywhere.

        Raises:
            SlideError: if stored pixels or the outlines cannot be read.
        """
        if self.outlines is not None:
            return wsi.tissue_from_geojson(self.outlines, self.reader.info)
        choice, is_image = self.settings.find_tissue, isinstance(self.reader, PlainImage)
        if choice == "all" or (choice == "auto" and is_image):
            return None
        return wsi.segment_tissue(self.reader, self.mpp, **self.settings.tissue)

    def close(self) -> None:
        """Release the file; asking for the reader opens it again."""
        if self._reader is not None:
            self._reader.close()
        self._reader = None

    def _open(self) -> wsi.SlideReader:
        if is_plain_image(self.path):
            return PlainImage(self.path, self.given_mpp)
        return wsi.open_slide(self.path, self.settings.reader, self.given_mpp)


class SlideToSegmentd(Transform):
    """Puts a :class:`SlideToSegment` in the place of a path.

    Args:
        settings: how slides are read.
        key: of the path in an item.
    """

    def __init__(self, settings: SegmentationSettings, key: str = "image") -> None:
        self.settings, self.key = settings, key

    def __call__(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Prepare one item.

        Args:
            data: a path under ``key``, ``slide`` (name) and ``mpp`` (given value or None).

        Returns:
            The same with a slide under ``key``; nothing is opened yet.
        """
        name = str(data["slide"])
        if not is_file_name(name):
            raise SlideError(
                f"slide {name!r} is no name of a file",
                "files of a slide are called after it, in the output folder",
                "give it another name",
            )
        slide = SlideToSegment(data[self.key], name, data.get("mpp"), self.settings)
        return {**data, self.key: slide}


def lone_item(items: list[dict[str, Any]]) -> dict[str, Any]:
    """Collate for batches of one slide, which is no tensor.

    Raises:
        ValueError: for more than one.
    """
    if len(items) != 1:
        raise ValueError(f"{len(items)} slides in a batch: segmentation takes one, batch_size=1")
    return items[0]


def slide_of_batch(
    batchdata: Mapping[str, Any],
    device: Any = None,  # noqa: ARG001
    non_blocking: bool = False,  # noqa: ARG001, FBT001, FBT002
    **kwargs: Any,  # noqa: ARG001
) -> tuple[Any, None]:
    """``prepare_batch`` of an evaluator over slides: the slide and no label; nothing is moved."""
    return batchdata["image"], None
