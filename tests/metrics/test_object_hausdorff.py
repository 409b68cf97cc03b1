"""Object Hausdorff distance against SciPy's directed distances in a loop, and by hand."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import directed_hausdorff
from skimage.metrics import hausdorff_distance

from monai_ext.data.glas import read_glas
from monai_ext.metrics import ObjectOverlap, label_objects, object_hausdorff
from monai_ext.testing.shared_data import shared_data_path
from tests.metrics.conftest import objects_of, random_labels


def distance(a, b):
    a, b = np.argwhere(a), np.argwhere(b)
    return max(directed_hausdorff(a, b)[0], directed_hausdorff(b, a)[0])


def brute_hausdorff(predicted, truth):
    def one_way(objects, others):
        total = sum(int(a.sum()) for a in objects)
        score = 0.0
        for a in objects:
            best = max(others, key=lambda b: int((a & b).sum()))
            touches = (a & best).any()
            far = distance(a, best) if touches else min(distance(a, b) for b in others)
            score += a.sum() / total * far
        return score

    found, real = objects_of(predicted), objects_of(truth)
    return 0.5 * one_way(found, real) + 0.5 * one_way(real, found)


def row(text):
    return np.array([[int(c) for c in text]])


def test_distance_is_that_of_the_loop(pair):
    expected = brute_hausdorff(*pair)
    assert object_hausdorff(ObjectOverlap.of(*pair)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_objects_without_overlap_take_the_nearest(seed):
    rng = np.random.default_rng(seed)
    predicted, truth = random_labels(rng, objects=6), random_labels(rng, objects=6)
    predicted[truth > 0] = 0
    expected = brute_hausdorff(predicted, truth)
    assert object_hausdorff(ObjectOverlap.of(predicted, truth)) == pytest.approx(
        expected, rel=1e-12
    )


def test_distance_is_the_same_with_sides_exchanged(pair):
    there = object_hausdorff(ObjectOverlap.of(*pair))
    assert there == pytest.approx(object_hausdorff(ObjectOverlap.of(*pair[::-1])), rel=1e-12)


def test_points_are_all_pixels_not_outlines():
    """A disc in the hole of a ring: from its middle it is 5 px to the ring."""
    y, x = np.mgrid[-8:9, -8:9]
    radius = np.hypot(y, x)
    ring, disc = (radius >= 5) & (radius < 8), radius < 5
    expected = hausdorff_distance(ring, disc)
    overlap = ObjectOverlap.of(disc.astype(int), ring.astype(int))
    assert object_hausdorff(overlap) == pytest.approx(expected)
    assert expected == 5.0


@pytest.mark.parametrize(
    ("case", "predicted", "truth", "expected"),
    [
        ("perfect", "1102220", "1102220", 0.0),
        ("nothing found", "0000000", "1102220", math.inf),
        ("nothing there", "1102220", "0000000", math.inf),
        ("nothing at all", "0000000", "0000000", 0.0),
        ("shifted", "1110000", "0011100", 2.0),
        ("beside: the nearer of two", "0011000", "1000022", 3.0),
        ("split", "1122000", "1111000", 2.0),
        ("merged", "1111110", "1102220", (3 + (2 / 5) * 4 + (3 / 5) * 3) / 2),
    ],
)
def test_distance_by_hand(case, predicted, truth, expected):
    assert object_hausdorff(ObjectOverlap.of(row(predicted), row(truth))) == pytest.approx(expected)


def test_glas_masks_against_their_shifted_selves(request):
    """Real shapes at full size, with crumbs; the loop sees every eighth row and column."""
    images = read_glas(shared_data_path("glas", root=request.config.rootpath))[:2]
    for image in images:
        truth = image.read_mask()
        shifted = np.roll(truth, (7, -12), axis=(0, 1))
        small = [label_objects(each[::8, ::8]) for each in (shifted, truth)]
        assert object_hausdorff(ObjectOverlap.of(*small)) == pytest.approx(brute_hausdorff(*small))
        full = ObjectOverlap.of(label_objects(shifted, min_area_px=50), label_objects(truth))
        assert 0 < object_hausdorff(full) < math.hypot(*truth.shape)
