"""An image with the outlines of truth and of prediction."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import binary_dilation
from skimage.segmentation import find_boundaries

from monai_ext.outputs.legend import write_words

TRUTH_COLOUR, PREDICTION_COLOUR = (0, 90, 60), (255, 225, 0)
_LINE_PX, _EDGE_PX, _MIN_WIDTH, _STROKE_SHARE = 24, 8, 300, 200


def outline_overlay(
    image: NDArray[np.uint8], truth: NDArray[np.integer], predicted: NDArray[np.integer]
) -> Image.Image:
    """Draw both outlines on an image, with a legend below.

    Truth is a broad dark green line inside its regions, the prediction a thinner yellow one over
    it, so that where they agree the yellow line has a green seam. Class 0 has no outline; between
    two other classes each has its own.

    Args:
        image: RGB, [H, W, 3].
        truth: class ids, [H, W]; pixels whose truth is unknown should be 0.
        predicted: class ids, [H, W].
    """
    stroke = max(1, min(image.shape[:2]) // _STROKE_SHARE)
    drawn = image.copy()
    drawn[_outline(truth, 2 * stroke + 1)] = TRUTH_COLOUR
    drawn[_outline(predicted, stroke)] = PREDICTION_COLOUR
    height, width = image.shape[:2]
    page = Image.new("RGB", (max(width, _MIN_WIDTH), height + _LINE_PX), "white")
    page.paste(Image.fromarray(drawn), (0, 0))
    _legend(ImageDraw.Draw(page), height)
    return page


def _outline(classes: NDArray[np.integer], width_px: int) -> NDArray[np.bool_]:
    """Pixels inside regions at most ``width_px`` from their edge (steps to the sides)."""
    edge = np.asarray(find_boundaries(classes, connectivity=1, mode="inner"), dtype=bool)
    if width_px == 1:
        return edge
    return np.asarray(binary_dilation(edge, iterations=width_px - 1, mask=classes > 0), dtype=bool)


def _legend(pen: ImageDraw.ImageDraw, top: int) -> None:
    x, middle = _EDGE_PX, top + _LINE_PX // 2
    for words, colour in (("truth", TRUTH_COLOUR), ("prediction", PREDICTION_COLOUR)):
        pen.rectangle((x, middle - 3, x + 24, middle + 3), fill=colour, outline=(60, 60, 60))
        write_words(pen, (x + 32, middle), words, anchor="lm")
        x += 120
