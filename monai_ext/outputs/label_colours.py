"""Colours of classes and other numbered things, the same in every picture."""

from __future__ import annotations

import colorsys

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monai_ext.outputs.class_colours import class_colours

_KNOWN = class_colours(8)
_TURN = 0.618034  # of the colour circle: neighbours in number are far apart in hue
UNKNOWN = (255, 255, 255)


def palette(size: int) -> NDArray[np.uint8]:
    """Colours of the ids 0 to ``size`` - 1, [size, 3].

    0 to 7 are those of ``class_colours``; further ones turn around the colour circle, so that
    none comes twice.
    """
    hues = [colorsys.hsv_to_rgb(n * _TURN % 1, 0.75, 0.6 + 0.3 * (n % 2)) for n in range(size)]
    turned = [tuple(round(255 * part) for part in hue) for hue in hues]
    return np.array([*_KNOWN, *turned][:size], dtype=np.uint8).reshape(size, 3)


def label_colours(labels: ArrayLike) -> NDArray[np.uint8]:
    """RGB of ids 0 to 254; white for anything else (unknown), with an axis of 3 at the end.

    Example:
        >>> label_colours([0, 1, 255]).tolist()
        [[200, 200, 200], [213, 94, 0], [255, 255, 255]]
    """
    ids = np.asarray(labels)
    colours = np.append(palette(255), [UNKNOWN], axis=0).astype(np.uint8)
    return colours[np.where((ids < 0) | (ids > 255), 255, ids)]
