"""Regions that QuPath's extension stored as images of their own, and their slides."""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Sequence

from monai_ext import wsi
from monai_ext.engines.segment_image import PlainImage, is_plain_image
from monai_ext.engines.segment_region import Box
from monai_ext.errors import MonaiExtError
from monai_ext.label.stored_image import StoredImage

_PATCH = re.compile(r"(?P<slide>.+)-patch-(\d+)_(\d+)_(\d+)_(\d+)")


def with_patches(images: Sequence[StoredImage]) -> list[StoredImage]:
    """Tell slides which of their regions are annotated in patches, and patches their slide.

    The extension names a patch ``SLIDE-patch-X_Y_W_H``, level-0 px from the corner of the bounds.
    A patch that nobody annotated is left out: its slide shows the same.

    Args:
        images: of a server.

    Returns:
        The same images; those of patches whose slide is not there stay as they are.
    """
    slides = {image.name: image for image in images}
    known: dict[str, list[Box]] = defaultdict(list)
    patches: dict[str, StoredImage] = {}
    for image in images:
        match = _PATCH.fullmatch(image.name)
        if match is None or match["slide"] not in slides:
            continue
        patches[image.name] = dataclasses.replace(image, slide=slides[match["slide"]].path)
        if image.label is not None:
            known[match["slide"]].append(Box(*map(int, match.groups()[1:])))
    given = [patches.get(image.name, image) for image in images]
    return [
        dataclasses.replace(image, known=tuple(known[image.name]))
        for image in given
        if image.slide is None or image.label is not None
    ]


def mpp_of(image: StoredImage, default: float | None, reader: str = "auto") -> float | None:
    """What stands in for the mpp that an image does not say: of a patch its slide's.

    Args:
        image: of a server.
        default: the operator's.
        reader: slide reader.
    """
    if image.slide is None:
        return default
    try:
        path = image.slide
        opened = PlainImage(path) if is_plain_image(path) else wsi.open_slide(path, reader)
        with opened as slide:
            wsi.require_mpp(slide.info)
            return slide.info.mpp
    except (MonaiExtError, OSError):
        return default
