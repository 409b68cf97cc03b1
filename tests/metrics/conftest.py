"""Small random label maps, with cases that hand-made ones forget."""

import numpy as np
import pytest


def random_labels(rng, *, size=(17, 23), objects=5):
    """Rectangles with ids that do not follow each other, later ones over earlier ones."""
    labels = np.zeros(size, dtype=np.int64)
    for n in range(objects):
        top, left = rng.integers(0, size[0] - 2), rng.integers(0, size[1] - 2)
        high, wide = rng.integers(1, 8, size=2)
        labels[top : top + high, left : left + wide] = 3 * (objects - n) + 1
    return labels


@pytest.fixture(params=range(12))
def pair(request):
    """A prediction and a truth: sparse and dense, with and without objects that share nothing."""
    rng = np.random.default_rng(request.param)
    few, many = 1 + request.param % 3, 2 + request.param % 6
    return random_labels(rng, objects=few), random_labels(rng, objects=many)


def objects_of(labels):
    """Masks of the objects, in the order of their ids."""
    return [labels == n for n in np.unique(labels) if n > 0]
