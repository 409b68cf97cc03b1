"""Pink stroma, purple nuclei: the paint of invented slides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

_TEXTURE_PX = 1024
_NUM_STAMPS = 48


@dataclass(frozen=True)
class Stain:
    """Colours of a slide; a little different on each.

    Args:
        stroma: RGB of the ground, 0 to 255.
        nucleus: RGB.
        glass: grey of the background.
        contrast: of the stroma's texture, grey levels.
    """

    stroma: np.ndarray
    nucleus: np.ndarray
    glass: int
    contrast: float


def draw_stain(rng: np.random.Generator, spread: float) -> Stain:
    """A stain that differs from the mean by normal deviates of ``spread`` grey levels."""
    return Stain(
        stroma=np.array([226.0, 172.0, 200.0]) + rng.normal(0, spread, 3),
        nucleus=np.array([98.0, 62.0, 138.0]) + rng.normal(0, spread, 3),
        glass=int(rng.integers(241, 247)),
        contrast=float(rng.uniform(9, 12)),
    )


def paint_stroma(rng: np.random.Generator, size: tuple[int, int], stain: Stain) -> np.ndarray:
    """Ground of a whole slide: fibres, grain and slow changes of colour.

    A seamless texture of 1024 px is repeated; slow changes hide the repetition.

    Args:
        rng: source of the texture.
        size: width and height, px.
        stain: colours.

    Returns:
        ``[height, width, 3]`` uint8.
    """
    width, height = size
    texture = fibre_texture(rng, _TEXTURE_PX)[..., None] * stain.contrast * [0.7, 1.3, 0.9]
    ground = np.clip(stain.stroma + texture, 0, 255).astype(np.uint8)
    repeats = (-(-height // _TEXTURE_PX), -(-width // _TEXTURE_PX), 1)
    painted = np.tile(ground, repeats)[:height, :width]
    return painted - slow_changes(rng, size, 14)[..., None]


def fibre_texture(rng: np.random.Generator, side: int) -> np.ndarray:
    """Noise filtered to fibres in all directions; seamless, mean 0, deviation 1.

    Args:
        rng: source of the noise.
        side: px.
    """
    fy, fx = np.meshgrid(np.fft.fftfreq(side), np.fft.rfftfreq(side), indexing="ij")
    frequency = np.hypot(fy, fx)
    layers = []
    for angle in rng.uniform(0, np.pi, 3):
        along = fx * np.cos(angle) + fy * np.sin(angle)
        across = -fx * np.sin(angle) + fy * np.cos(angle)
        band = np.exp(-((along / 0.012) ** 2) - ((np.abs(across) - 0.05) / 0.04) ** 2)
        layers.append(_filtered(rng, band, side) * _filtered(rng, frequency < 0.006, side))
    grain = _filtered(rng, 1 / (frequency + 0.02), side)
    total = np.sum(layers, axis=0) * 0.7 + grain
    return total / total.std()


def slow_changes(rng: np.random.Generator, size: tuple[int, int], depth: int) -> np.ndarray:
    """Smooth darkening over a slide, 0 to ``depth`` grey levels; ``[height, width]`` uint8."""
    from PIL import Image

    coarse = Image.fromarray(rng.integers(0, depth + 1, (12, 12), dtype=np.uint8))
    return np.asarray(coarse.resize(size, Image.Resampling.BICUBIC))


def nucleus_stamps(rng: np.random.Generator, radius_px: float) -> np.ndarray:
    """Opacity of nuclei of many shapes, ``[S, n, n]`` in 0 to 1, n odd.

    Args:
        rng: shapes, directions and chromatin.
        radius_px: mean radius.
    """
    half = int(np.ceil(radius_px * 1.6)) + 1
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(float)
    stamps = []
    for _ in range(_NUM_STAMPS):
        angle, ratio = rng.uniform(0, np.pi), rng.uniform(0.75, 1.33)
        u = (x * np.cos(angle) + y * np.sin(angle)) / ratio**0.5
        v = (-x * np.sin(angle) + y * np.cos(angle)) * ratio**0.5
        edge = radius_px * rng.uniform(0.85, 1.15) - np.hypot(u, v)
        chromatin = 0.78 + 0.22 * _blur(rng.normal(0, 1, x.shape))
        stamps.append(np.clip(edge + 0.5, 0, 1) * np.clip(chromatin, 0.45, 1))
    return np.stack(stamps)


def stamp_nuclei(
    picture: np.ndarray,
    places: np.ndarray,
    stamps: np.ndarray,
    colour: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Paint nuclei into a picture, in place.

    Args:
        picture: ``[height, width, 3]`` uint8.
        places: ``[K, 2]`` x, y of their centres, px; those too near the edge are left out.
        stamps: ``[S, n, n]`` of one size.
        colour: RGB.
        rng: which stamp where, and how dark.
    """
    choice = rng.integers(len(stamps), size=len(places))
    shade = rng.uniform(0.75, 1.0, len(places))
    for k, here in _windows(picture, places, stamps.shape[1]):
        opacity = (stamps[choice[k]] * shade[k])[..., None]
        here[:] = here + (colour - here) * opacity


def stamp_grain(
    picture: np.ndarray,
    places: np.ndarray,
    radius_px: float,
    amplitude: int,
    rng: np.random.Generator,
) -> None:
    """Give nuclei salt-and-pepper chromatin that only the picture's own magnification shows.

    Every block of 2 x 2 pixels that is averaged into one pixel of the next level keeps its
    sum, so at half the magnification and below the picture is the same with and without.
    Blocks in which a pixel would leave 0 to 255 get none.

    Args:
        picture: ``[height, width, 3]`` uint8, changed in place.
        places: ``[K, 2]`` x, y of the nuclei, px.
        radius_px: of the grain around each place.
        amplitude: grey levels, a multiple of 4.
        rng: the grain.
    """
    side = 2 * int(np.ceil(radius_px / 2)) * 2
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    disc = np.hypot(x, y) <= radius_px
    even = places // 2 * 2 + side % 4 / 2  # the window's corner falls on even pixels
    for _, here in _windows(picture, even, side):
        noise = rng.integers(0, 2, (side, side)) * 2 * amplitude - amplitude
        noise = np.where(disc, noise, 0)
        blocks = noise.reshape(side // 2, 2, side // 2, 2)
        blocks = blocks - blocks.sum(axis=(1, 3), keepdims=True) // 4
        grained = here + blocks.reshape(side, side, 1)
        fits = ((grained >= 0) & (grained <= 255)).all(axis=-1)
        whole = fits.reshape(side // 2, 2, side // 2, 2).all(axis=(1, 3), keepdims=True)
        allowed = np.broadcast_to(whole, blocks.shape).reshape(side, side)
        here[allowed] = grained[allowed]


def _windows(
    picture: np.ndarray, places: np.ndarray, side: int
) -> Iterator[tuple[int, np.ndarray]]:
    """Number and window of each place whose window lies within the picture."""
    corner = np.floor(places).astype(int) - side // 2
    height, width = picture.shape[:2]
    inside = (corner >= 0).all(axis=1)
    inside &= (corner[:, 0] + side <= width) & (corner[:, 1] + side <= height)
    for k in np.flatnonzero(inside):
        x, y = corner[k]
        yield int(k), picture[y : y + side, x : x + side]


def _filtered(rng: np.random.Generator, response: np.ndarray, side: int) -> np.ndarray:
    """White noise through a filter, mean 0, deviation 1; seamless."""
    spectrum = np.fft.rfft2(rng.normal(0, 1, (side, side))) * response
    spectrum[0, 0] = 0
    noise = np.fft.irfft2(spectrum, (side, side))
    return noise / noise.std()


def _blur(noise: np.ndarray) -> np.ndarray:
    return (
        noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1) + np.roll(noise, (1, 1), (0, 1))
    ) / 2
