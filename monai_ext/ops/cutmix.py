"""Boxes that are exchanged between the images of a batch."""

import math

import torch

_TRIES = 50


def cutmix_boxes(
    batch: int,
    height: int,
    width: int,
    *,
    prob: float = 0.5,
    area: tuple[float, float] = (0.02, 0.4),
    aspect: tuple[float, float] = (0.3, 1 / 0.3),
    generator: torch.Generator | None = None,
) -> torch.Tensor:
    """One box an image, or none.

    Area and aspect ratio are uniform in their ranges; a box that does not fit is drawn again.

    Args:
        batch: B.
        height: H.
        width: W.
        prob: how often an image gets a box.
        area: of the box, as a share of the image.
        aspect: height by width.
        generator: source of the draw; None: torch's global one.

    Returns:
        ``[B, H, W]`` bool, True = inside the box.

    Reference:
        S. Yun et al., CutMix, ICCV 2019, https://arxiv.org/abs/1905.04899, with the ranges of
        UniMatch, CVPR 2023, https://arxiv.org/abs/2208.09910, without the image's own aspect.
    """
    boxes = torch.zeros(batch, height, width, dtype=torch.bool)
    for box in boxes:
        if torch.rand((), generator=generator) < prob:
            top, left, rows, cols = _drawn(height, width, area, aspect, generator)
            box[top : top + rows, left : left + cols] = True
    return boxes


def paste_partner(values: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
    """Inside its box each image shows the image before it; the first one shows the last.

    Args:
        values: ``[B, ...,  H, W]``: images, labels, confidences, alike.
        boxes: ``[B, H, W]`` bool.

    Example:
        >>> boxes = torch.tensor([[[True]], [[False]]])
        >>> paste_partner(torch.tensor([[[0]], [[1]]]), boxes).tolist()
        [[[1]], [[1]]]
    """
    inside = boxes.to(values.device).reshape(len(boxes), *[1] * (values.ndim - 3), *boxes.shape[1:])
    return torch.where(inside, values.roll(1, 0), values)


def _drawn(
    height: int,
    width: int,
    area: tuple[float, float],
    aspect: tuple[float, float],
    generator: torch.Generator | None,
) -> tuple[int, int, int, int]:
    for _ in range(_TRIES):
        a, r, y, x = torch.rand(4, generator=generator).tolist()
        size = (area[0] + a * (area[1] - area[0])) * height * width
        ratio = aspect[0] + r * (aspect[1] - aspect[0])
        rows, cols = round(math.sqrt(size * ratio)), round(math.sqrt(size / ratio))
        if 0 < rows <= height and 0 < cols <= width:
            return int(y * (height - rows + 1)), int(x * (width - cols + 1)), rows, cols
    return 0, 0, 0, 0
