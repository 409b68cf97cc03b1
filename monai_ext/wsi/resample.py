"""From stored pixels to the size asked for, without aliasing."""

from __future__ import annotations

import numpy as np

_WHOLE = 1e-6


def resample_box(
    image: np.ndarray, box: tuple[float, float, float, float], out_width: int, out_height: int
) -> np.ndarray:
    """Resample the part ``box`` of an image.

    Whole factors are the exact mean of the covered pixels. Otherwise each axis is filtered with a
    triangle of ``max(scale, 1)`` px half width around the output pixel's centre, as Pillow and
    torch do with antialiasing; that is bilinear interpolation where the output is finer.

    Args:
        image: uint8 [h, w, 3].
        box: ``(left, top, right, bottom)`` in px of ``image``, fractions allowed.
        out_width: px.
        out_height: px.

    Returns:
        uint8 [out_height, out_width, 3].
    """
    edges = [round(value) for value in box]
    if max(abs(a - b) for a, b in zip(edges, box, strict=True)) > _WHOLE:
        return _filter_fraction(image, box, out_width, out_height)
    left, top, right, bottom = edges
    return resample(image[None, top:bottom, left:right], out_width, out_height)[0]


def resample(images: np.ndarray, out_width: int, out_height: int) -> np.ndarray:
    """Resample whole images: area mean for whole factors, else a triangle filter.

    Args:
        images: uint8 [n, h, w, 3].
        out_width: px.
        out_height: px.

    Returns:
        uint8 [n, out_height, out_width, 3]; ``images`` itself if the size is right.
    """
    height, width = images.shape[1:3]
    if (height, width) == (out_height, out_width):
        return images
    if height % out_height == 0 and width % out_width == 0:
        return area_mean(images, height // out_height, width // out_width)
    return _filter_whole(images, out_width, out_height)


def area_mean(images: np.ndarray, factor_y: int, factor_x: int) -> np.ndarray:
    """Mean of blocks of ``factor_y`` x ``factor_x`` px, rounded half up.

    Args:
        images: uint8 [n, h, w, 3] with h and w whole multiples of the factors.
        factor_y: rows a block.
        factor_x: columns a block.

    Returns:
        uint8 [n, h / factor_y, w / factor_x, 3].
    """
    n, height, width, _ = images.shape
    rows, cols, area = height // factor_y, width // factor_x, factor_y * factor_x
    kind = np.uint16 if area * 255 + area // 2 < 1 << 16 else np.uint32
    tall = np.empty((rows, width * 3), kind)
    total = np.empty((rows, cols, 3), kind)
    means = np.empty((n, rows, cols, 3), np.uint8)
    for image, mean in zip(images, means, strict=True):  # one at a time stays in the cache
        _add_up(image.reshape(rows, factor_y, width * 3).swapaxes(0, 1), tall)
        pixels = tall.reshape(rows, cols, factor_x, 3)
        for channel in range(3):  # along a row numpy is fast, along three channels it is not
            _add_up(pixels[..., channel].transpose(2, 0, 1), total[..., channel])
        np.add(total, area // 2, out=total)
        np.floor_divide(total, area, out=mean, casting="unsafe")
    return means


def _add_up(parts: np.ndarray, out: np.ndarray) -> None:
    """Sum of ``parts`` over its first axis, in the type of ``out``."""
    out[:] = parts[0]
    for part in parts[1:]:
        np.add(out, part, out=out)


def _filter_whole(images: np.ndarray, out_width: int, out_height: int) -> np.ndarray:
    import torch

    planes = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2)
    size = (out_height, out_width)
    done = torch.nn.functional.interpolate(planes, size=size, mode="bilinear", antialias=True)
    return np.ascontiguousarray(done.permute(0, 2, 3, 1).numpy())


def _filter_fraction(
    image: np.ndarray, box: tuple[float, float, float, float], out_width: int, out_height: int
) -> np.ndarray:
    from PIL import Image

    bilinear = Image.Resampling.BILINEAR
    done = Image.fromarray(image).resize((out_width, out_height), bilinear, box=box)
    return np.asarray(done)
