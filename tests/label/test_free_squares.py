"""Squares are free or touched by annotations, image by image."""

import logging

import pytest
from PIL import Image

from monai_ext.errors import SettingError
from monai_ext.export import find_model
from monai_ext.label.free_squares import find_squares
from monai_ext.label.served_segmenter import ServedSegmenter
from monai_ext.label.square_memory import SquareMemory
from monai_ext.label.stored_image import StoredImage
from monai_ext.outputs.asap_xml import write_asap
from tests.label.label_parts import stained, write_segmenter
from tests.outputs.annotation_parts import annotation, square


@pytest.fixture
def served(tmp_path):
    return ServedSegmenter(find_model(write_segmenter(tmp_path / "run")), 0.5)


@pytest.fixture
def images(tmp_path):
    for name in ("one", "two"):
        Image.fromarray(stained(128, 192)).save(tmp_path / f"{name}.png")
    write_asap(tmp_path / "two.xml", [annotation(square(60, 0, 30), name="Region*")], {})
    return [
        StoredImage("one", tmp_path / "one.png", None),
        StoredImage("two", tmp_path / "two.png", tmp_path / "two.xml"),
    ]


def places(squares):
    return [(one.image.name, one.box.left, one.box.top) for one in squares]


def test_what_an_annotation_touches_is_not_free(served, images):
    free, known = find_squares(served, images, 64, SquareMemory())
    grid = [(left, top) for top in (0, 64) for left in (0, 64, 128)]
    touched = [(0, 0), (64, 0)]
    assert places(known) == [("two", *place) for place in touched]
    assert places(free) == [("one", *place) for place in grid] + [
        ("two", *place) for place in grid if place not in touched
    ]


def test_an_unreadable_image_is_passed_over_and_asked_again(served, images, tmp_path, caplog):
    bad, memory = StoredImage("bad", tmp_path / "bad.png", None), SquareMemory()
    with caplog.at_level(logging.WARNING):
        free, _ = find_squares(served, [bad, images[0]], 64, memory)
    assert {one.image.name for one in free} == {"one"}
    assert "bad is passed over" in caplog.text
    Image.fromarray(stained(64, 64)).save(bad.path)
    free, _ = find_squares(served, [bad], 64, memory)
    assert places(free) == [("bad", 0, 0)]


def test_a_size_that_the_network_does_not_see_ends_it(served, images):
    with pytest.raises(SettingError, match="patch_size=9"):
        find_squares(served, images, 9, SquareMemory())
