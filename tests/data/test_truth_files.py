"""Outlines and masks agree with each other and survive their files."""

import json

import numpy as np
from PIL import Image

from monai_ext.data.truth_files import outlines_mask, read_outlines, write_mask, write_outlines

SQUARE = [(8.0, 16.0), (24.0, 16.0), (24.0, 40.0), (8.0, 40.0)]


def test_outlines_survive_the_file(tmp_path):
    triangle = [(0.0, 0.0), (5.5, 0.0), (0.0, 7.25)]
    path = write_outlines(tmp_path / "a.geojson", [SQUARE, triangle], "lesion")
    assert read_outlines(path) == [SQUARE, triangle]


def test_rings_are_closed_annotations(tmp_path):
    path = write_outlines(tmp_path / "a.geojson", [SQUARE], "lesion")
    (feature,) = json.loads(path.read_text())["features"]
    ring = feature["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert feature["properties"]["objectType"] == "annotation"


def test_mask_covers_the_outline():
    mask = outlines_mask([SQUARE], (50, 41), 8)
    assert mask.shape == (6, 7)
    expected = np.zeros((6, 7), dtype=bool)
    expected[2:5, 1:3] = True
    np.testing.assert_array_equal(mask, expected)


def test_mask_survives_the_file(tmp_path):
    mask = outlines_mask([SQUARE], (64, 64), 4)
    np.testing.assert_array_equal(
        np.asarray(Image.open(write_mask(tmp_path / "a.png", mask))), mask
    )
