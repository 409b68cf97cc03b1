"""Label maps made from arrays."""

import numpy as np
from scipy.ndimage import gaussian_filter

from monai_ext.data.label_map import LabelMap
from monai_ext.data.label_runs import label_pieces, label_runs


def blobs(height, width, num_classes=3, seed=0, sigma=4.0):
    """Smooth blobs of every class."""
    noise = np.random.default_rng(seed).normal(size=(num_classes, height, width))
    return gaussian_filter(noise, (0, sigma, sigma)).argmax(0).astype(np.uint8)


def label_map(labels, probability=None, *, scale=2.0, mpp=1.0, size=None, **changes):
    if probability is None:
        probability = np.full(labels.shape, 0.75)
    height, width = labels.shape
    values = {
        "slide": "a",
        "labels": labels,
        "runs": label_runs(labels, probability),
        "seen": np.bincount(labels.ravel(), minlength=3),
        "scale": scale,
        "mpp": mpp,
        "size": size or (int(width * scale), int(height * scale)),
        "origin": (0, 0),
        "slide_hash": "f00",
        "reader": "strip",
        "seconds": 1.25,
    }
    return LabelMap(**{**values, **changes})


def pieces_of(found):
    return label_pieces(found.runs)
