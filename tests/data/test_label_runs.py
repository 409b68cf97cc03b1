"""Runs and pieces against scipy's labelling of the picture as a whole."""

import numpy as np
import pytest
from scipy import ndimage

from monai_ext.data.label_runs import joined_runs, label_pieces, label_runs


def random_labels(height, width, num_classes, seed):
    """Blobs with specks and diagonal contacts."""
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.normal(size=(num_classes, height, width)), (0, 1.0, 1.0))
    noise = rng.integers(0, num_classes, (height, width))
    labels = np.where(rng.random((height, width)) < 0.2, noise, smooth.argmax(0))
    return labels.astype(np.uint8), rng.random((height, width)).astype(np.float32)


def banded_runs(labels, probability, height):
    tops = range(0, len(labels), height)
    parts = [(labels[top : top + height], probability[top : top + height], top) for top in tops]
    return joined_runs([label_runs(*part) for part in parts])


def painted(pieces, shape):
    """Number of the piece plus 1 at every pixel."""
    picture = np.zeros(shape, int)
    for number in range(len(pieces)):
        for k in range(*pieces.first[number : number + 2]):
            runs = pieces.runs
            picture[runs.row[k], runs.start[k] : runs.stop[k]] = number + 1
    return picture


SHAPES = [(40, 50, 3), (1, 30, 2), (30, 1, 4), (1, 1, 2), (25, 25, 2)]


@pytest.mark.parametrize("height", [1, 7, 100])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_pieces_are_scipys_connected_components_of_each_class(shape, height):
    labels, probability = random_labels(*shape, seed=3)
    pieces = label_pieces(banded_runs(labels, probability, height))
    picture = painted(pieces, labels.shape)
    np.testing.assert_array_equal(picture > 0, labels > 0)
    total = 0
    for name in range(1, shape[2]):
        expected, count = ndimage.label(labels == name)
        total += count
        for number in range(1, count + 1):
            mask = expected == number
            (own,) = np.unique(picture[mask])
            assert (picture == own).sum() == mask.sum() == pieces.pixels[own - 1]
            assert pieces.label[own - 1] == name
            np.testing.assert_allclose(
                pieces.probability[own - 1], probability[mask].astype(float).mean(), rtol=1e-12
            )
    assert len(pieces) == total


def test_pieces_come_in_raster_order_of_their_first_pixel():
    labels, probability = random_labels(40, 50, 3, seed=5)
    picture = painted(label_pieces(label_runs(labels, probability)), labels.shape)
    numbers, first = np.unique(picture, return_index=True)
    first = first[numbers > 0]
    assert (np.diff(first) > 0).all()
    assert len(first) > 20


def test_pixels_that_meet_at_a_corner_are_two_pieces():
    labels = np.array([[1, 0], [0, 1]], np.uint8)
    assert len(label_pieces(label_runs(labels, np.ones((2, 2))))) == 2


def test_chunks_give_every_wanted_piece_once_with_all_its_runs():
    labels, probability = random_labels(40, 50, 3, seed=1)
    pieces = label_pieces(label_runs(labels, probability))
    wanted = np.flatnonzero(pieces.pixels > 2)
    assert 5 < len(wanted) < len(pieces)
    chunks = list(pieces.chunks(wanted, 10))
    assert len(chunks) > 5
    assert all(len(np.unique(owner)) == 1 or len(runs) < 60 for owner, runs in chunks)
    owners = np.concatenate([owner for owner, _ in chunks])
    runs = joined_runs([part for _, part in chunks])
    assert np.unique(owners).tolist() == wanted.tolist()
    area = np.bincount(owners, runs.stop - runs.start, len(pieces))
    np.testing.assert_array_equal(area[wanted], pieces.pixels[wanted])


def test_nothing_has_no_piece():
    pieces = label_pieces(joined_runs([]))
    assert len(pieces) == 0
    assert len(label_pieces(label_runs(np.zeros((3, 4), np.uint8), np.zeros((3, 4))))) == 0
