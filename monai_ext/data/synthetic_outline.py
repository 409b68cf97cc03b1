"""Outlines of invented tissue and lesions: circles with a wobble."""

from __future__ import annotations

import numpy as np

from monai_ext.data.truth_files import Outline


def wobbly_outline(
    rng: np.random.Generator, centre: np.ndarray, radius: float, wobble: float
) -> Outline:
    """A closed outline of 48 corners.

    Args:
        rng: the wobble.
        centre: x, y.
        radius: mean distance of the corners from the centre.
        wobble: deviation of the radius by each of four waves, a share of it.
    """
    angle = np.arange(48) * 2 * np.pi / 48
    distance = np.full(48, radius)
    for wave in range(2, 6):
        phase = rng.uniform(0, 2 * np.pi)
        distance += radius * rng.normal(0, wobble / wave) * np.cos(wave * angle + phase)
    corners = centre + np.stack([np.cos(angle), np.sin(angle)], axis=1) * distance[:, None]
    return [(float(x), float(y)) for x, y in np.round(corners, 1)]


def draw_tissue(rng: np.random.Generator, side: float, count: int, radius: float) -> list[Outline]:
    """Blobs of tissue on a square slide, each in a part of its own.

    Args:
        rng: places and shapes.
        side: of the slide.
        count: blobs, 1 to 4.
        radius: of each, about; at most a fifth of ``side``.
    """
    quarters = rng.permutation([[0.26, 0.26], [0.74, 0.26], [0.26, 0.74], [0.74, 0.74]])
    return [
        wobbly_outline(
            rng,
            (quarter + rng.normal(0, 0.01, 2)) * side,
            radius * rng.uniform(0.9, 1.1),
            wobble=0.12,
        )
        for quarter in quarters[:count]
    ]


def draw_lesions(
    rng: np.random.Generator, tissue: list[Outline], count: int, radius: float
) -> list[Outline]:
    """Lesions inside the tissue that do not touch each other.

    Args:
        rng: places and shapes.
        tissue: outlines to lie in.
        count: wanted; fewer where there is no more room.
        radius: of each, about.
    """
    from shapely import Polygon

    blobs = [Polygon(outline) for outline in tissue]
    lesions: list[Outline] = []
    for _ in range(400):
        if len(lesions) == count:
            break
        blob = blobs[rng.integers(len(blobs))]
        low_x, low_y, high_x, high_y = blob.bounds
        centre = rng.uniform([low_x, low_y], [high_x, high_y])
        lesion = wobbly_outline(rng, centre, radius * rng.uniform(0.8, 1.2), wobble=0.15)
        shape = Polygon(lesion)
        if blob.contains(shape) and not any(shape.intersects(Polygon(o)) for o in lesions):
            lesions.append(lesion)
    return lesions
