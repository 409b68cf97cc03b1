"""What a segmenter makes of squares: how unsure it is, and where they lie among its prototypes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from monai_ext.engines.segment_region import Box
from monai_ext.engines.segment_source import SlideToSegment
from monai_ext.label.training_picture import picture_size
from monai_ext.networks import TransUNi
from monai_ext.wsi.read_area import read_area


class SquareScores(NamedTuple):
    """Of N squares."""

    entropy: NDArray[np.float64]
    """``[N]``, mean over pixels of the entropy of the classes over log C, 0 to 1."""
    vectors: NDArray[np.float64]
    """``[N, d]``, unit; mean of the vectors by which pixels are compared to prototypes."""


def score_squares(slide: SlideToSegment, network: TransUNi, boxes: Sequence[Box]) -> SquareScores:
    r"""Look at each square once.

    .. math:: u = \frac{1}{P \log C} \sum_p -\sum_c q_{pc} \log q_{pc}

    Args:
        slide: the slide or image; it stays open.
        network: in evaluation mode.
        boxes: level-0 px from the corner of the slide's bounds, at least one.

    Raises:
        SlideError: if the pixels cannot be read.
    """
    scale = slide.settings.spec.mpps[0] / slide.mpp
    device = next(network.parameters()).device
    found = []
    for box in boxes:
        size = picture_size(box, scale)
        pixels = read_area(slide.reader, box.left, box.top, box.width, box.height, *size)
        image = torch.from_numpy(pixels).to(device).permute(2, 0, 1)[None].float()
        found.append(_scored(network, image))
    return SquareScores(
        np.array([entropy for entropy, _ in found]), np.stack([vector for _, vector in found])
    )


@torch.inference_mode()
def _scored(network: TransUNi, image: torch.Tensor) -> tuple[float, NDArray[np.float64]]:
    logits, inner = network.decode(network.encode(image), image.shape[-2:])
    log = functional.log_softmax(logits.double(), dim=1)
    entropy = -(log.exp() * log).sum(1).mean() / math.log(log.shape[1])
    pixels = inner.permute(0, 2, 3, 1).reshape(-1, inner.shape[1])
    vector = functional.normalize(network.embed_pixels(pixels).mean(0).double(), dim=0)
    return float(entropy), vector.cpu().numpy()
