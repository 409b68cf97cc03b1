"""A feature bank in fewer numbers a tile, fitted on the training images of one draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from monai_ext.data.mosaic_bank import MosaicBank


def reduce_bank(bank: MosaicBank, images: Sequence[int], components: int) -> MosaicBank:
    """Standardise each level, and keep its principal components.

    Mean, deviation and axes come from the tiles of ``images`` only, and no label is used.
    Kept components are scaled alike, so that their mean variance is 1 and large ones stay
    large, and turned by a fixed random rotation. Distances are those of the components; without
    the rotation Adam, which scales every coordinate's step by itself, would learn from small
    components, which are noise, as fast as from large ones (image-level attention on mosaics of
    12: AUC 0.81 instead of 0.91). Networks of a few hundred mosaics then train in seconds instead
    of minutes.

    Args:
        bank: of all images.
        images: those of the training part.
        components: kept a level; at most the width of the features.
    """
    return replace(bank, features=[_reduce(f, images, components) for f in bank.features])


def _reduce(features: np.ndarray, images: Sequence[int], components: int) -> np.ndarray:
    width = features.shape[-1]
    fitted = np.asarray(features[images]).reshape(-1, width)
    mean, deviation = fitted.mean(axis=0), fitted.std(axis=0) + 1e-6
    fitted = (fitted - mean) / deviation
    variance, axes = np.linalg.eigh(fitted.T @ fitted / len(fitted))
    kept = slice(None, -components - 1, -1)
    projection = axes[:, kept] / np.sqrt(variance[kept].mean()) @ _rotation(components)
    return ((features - mean) / deviation @ projection).astype(np.float32)


def _rotation(size: int) -> np.ndarray:
    """The same random rotation for every bank, ``[size, size]``."""
    return np.linalg.qr(np.random.default_rng(0).normal(size=(size, size)))[0]
