"""A label map as a tiled pyramidal TIFF that lies on its slide at the right scale."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_ext.atomic import write_atomically
from monai_ext.data.label_map import LabelMap

_TILE_PX = 512
_UM_PER_CM = 1e4
_CLASSIC_LIMIT = 2**31


def write_label_tiff(
    path: Path | str,
    found: LabelMap,
    class_names: Sequence[str],
    *,
    members: Mapping[str, Any] | None = None,
) -> None:
    """Write class numbers as grey levels of 8 bits, without loss (deflate), at several scales.

    Pixels a centimetre are those of each level. The description is JSON: ``classes`` (name by
    number), ``mpp``, ``origin_level0_px`` (where the upper left corner lies on the slide: that of
    its bounds, if it has any) and ``members``. Equal input gives equal bytes.

    Args:
        path: ``*.tif``.
        found: the label map.
        class_names: by label.
        members: further values of the description, e.g. provenance.
    """
    from tifffile import TiffWriter

    notes = {
        "classes": dict(enumerate(class_names)),
        "mpp": found.mpp,
        "origin_level0_px": list(found.origin),
        **(members or {}),
    }
    level, mpp, is_first = found.labels, found.mpp, True
    is_big = level.size > _CLASSIC_LIMIT
    with write_atomically(path) as partial, TiffWriter(partial, bigtiff=is_big) as writer:
        while True:
            words = json.dumps(notes) if is_first else None
            writer.write(level, description=words, **_tags(mpp, is_first=is_first))
            if max(level.shape) <= _TILE_PX:
                return
            level, mpp, is_first = halved_labels(level), mpp * 2, False


def _tags(mpp: float, *, is_first: bool) -> dict[str, Any]:
    return {
        "tile": (_TILE_PX, _TILE_PX),
        "compression": "adobe_deflate",
        "photometric": "minisblack",
        "subfiletype": int(not is_first),
        "resolution": (_UM_PER_CM / mpp, _UM_PER_CM / mpp),
        "resolutionunit": "CENTIMETER",
        "software": "monai_ext" if is_first else False,
        "metadata": None,
    }


def halved_labels(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The most frequent class of 2 x 2 pixels, of two equally frequent the first in reading order.

    An odd edge is repeated. No class appears that is not in the block.

    Example:
        >>> halved_labels(np.array([[1, 2, 3], [2, 0, 3]], np.uint8)).tolist()
        [[2, 3]]
    """
    height, width = labels.shape
    labels = np.pad(labels, ((0, height % 2), (0, width % 2)), mode="edge")
    a, b = labels[0::2, 0::2], labels[0::2, 1::2]
    c, d = labels[1::2, 0::2], labels[1::2, 1::2]
    rest = np.where((b == c) | (b == d), b, np.where(c == d, c, a))
    return np.where((a == b) | (a == c) | (a == d), a, rest)
