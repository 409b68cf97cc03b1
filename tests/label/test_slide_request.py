"""Requests as QuPath's extension and DSA's plugin send them."""

import pytest

from monai_ext.engines.segment_region import Box
from monai_ext.errors import SettingError
from monai_ext.label.slide_request import SlideRequest, read_request

QUPATH = {
    "model": "glands",
    "image": "a",
    "output": "asap",
    "level": 0,
    "location": [100, 200],
    "size": [300, 250],
    "tile_size": [1024, 1024],
    "min_poly_area": 30,
    "foreground": [],
    "background": [],
    "max_workers": 1,
}
DSA = QUPATH | {"output": "dsa", "wsi_tiles": None, "location": (-1, -1), "size": (-1, -1)}


def test_qupath_counts_from_the_bounds():
    asked = read_request(QUPATH)
    assert asked.boxes == (Box(100, 200, 300, 250),)
    assert (asked.output, asked.frame, asked.min_area_px) == ("asap", "bounds", 30.0)
    assert asked.boxes_from((7, 9)) == [Box(100, 200, 300, 250)]


def test_dsa_counts_from_the_canvas():
    asked = read_request(DSA | {"location": [100, 200], "size": [5, 6]})
    assert asked.frame == "canvas"
    assert asked.boxes_from((7, 9)) == [Box(93, 191, 5, 6)]
    assert read_request(DSA | {"frame": "bounds"}).frame == "bounds"


@pytest.mark.parametrize("level", [0, 1, 2])
def test_the_level_changes_no_place(level):
    assert read_request(QUPATH | {"level": level}).boxes == (Box(100, 200, 300, 250),)


@pytest.mark.parametrize("change", [{}, {"size": [0, 0]}, {"size": None}, {"wsi_tiles": []}])
def test_no_size_is_the_whole_slide(change):
    assert read_request(DSA | change).boxes == ()


def test_tiles_go_before_the_region():
    tiles = [{"location": [0, 0], "size": [8, 8]}, {"location": [8.0, 0], "size": [4, 8]}]
    asked = read_request(QUPATH | {"wsi_tiles": tiles})
    assert asked.boxes == (Box(0, 0, 8, 8), Box(8, 0, 4, 8))


def test_nothing_is_asked_by_default():
    assert read_request({}) == SlideRequest()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"output": "image"}, "output='image'"),
        ({"frame": "slide"}, "frame='slide'"),
        ({"size": [1, 2, 3]}, "two numbers"),
        ({"size": "12"}, "two numbers"),
        ({"location": ["1", 2]}, "location='1'"),
        ({"location": [float("nan"), 2]}, "location=nan"),
        ({"size": [2**31, 2]}, "a number of pixels"),
        ({"size": [True, 2]}, "size=True"),
        ({"wsi_tiles": "x"}, "wsi_tiles"),
        ({"wsi_tiles": [3]}, "wsi_tiles"),
        ({"min_poly_area": "80"}, "min_poly_area='80'"),
    ],
)
def test_what_cannot_be_read_is_named(change, words):
    with pytest.raises(SettingError, match=words):
        read_request(QUPATH | change)
