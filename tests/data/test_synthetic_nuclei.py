"""Nuclei keep their distance."""

import numpy as np
from scipy.spatial.distance import pdist

from monai_ext.data.synthetic_nuclei import scattered_places


def test_no_two_places_are_too_near(np_rng):
    places = scattered_places(np_rng, (300, 200), 150, 12.0)
    assert pdist(places).min() >= 12


def test_count_is_met_where_there_is_room(np_rng):
    places = scattered_places(np_rng, (300, 200), 100, 8.0)
    assert len(places) == 100
    assert (places >= 0).all()
    assert (places <= [300, 200]).all()


def test_crowded_areas_get_fewer(np_rng):
    assert 20 < len(scattered_places(np_rng, (100, 100), 2_000, 10.0)) < 160


def test_places_spread_over_the_whole_area(np_rng):
    places = scattered_places(np_rng, (300, 200), 200, 5.0)
    counts, _, _ = np.histogram2d(*places.T, bins=2, range=[[0, 300], [0, 200]])
    assert counts.min() > 30
