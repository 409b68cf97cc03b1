"""Lesions lie in the tissue, apart from each other."""

import numpy as np
import pytest
from shapely import Polygon

from monai_ext.data.synthetic_outline import draw_lesions, draw_tissue, wobbly_outline


def test_wobble_of_zero_is_a_circle(np_rng):
    outline = np.array(wobbly_outline(np_rng, np.array([10.0, 20.0]), 5.0, 0.0))
    np.testing.assert_allclose(np.hypot(*(outline - [10, 20]).T), 5.0, atol=0.1)


@pytest.mark.parametrize("count", [1, 4])
def test_pieces_of_tissue_are_apart_and_on_the_slide(np_rng, count):
    blobs = [Polygon(o) for o in draw_tissue(np_rng, 1000, count, 190)]
    assert len(blobs) == count
    assert all(Polygon([(0, 0), (1000, 0), (1000, 1000), (0, 1000)]).contains(b) for b in blobs)
    assert not any(a.intersects(b) for k, a in enumerate(blobs) for b in blobs[:k])


def test_lesions_lie_inside_the_tissue_and_apart(np_rng):
    tissue = draw_tissue(np_rng, 1000, 3, 190)
    lesions = [Polygon(o) for o in draw_lesions(np_rng, tissue, 5, 60)]
    assert len(lesions) == 5
    assert all(any(Polygon(t).contains(lesion) for t in tissue) for lesion in lesions)
    assert not any(a.intersects(b) for k, a in enumerate(lesions) for b in lesions[:k])


def test_full_tissue_takes_no_more_lesions(np_rng):
    tissue = draw_tissue(np_rng, 1000, 1, 190)
    assert len(draw_lesions(np_rng, tissue, 9, 120)) < 9
