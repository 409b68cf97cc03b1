"""Tissue is the user's where it is given; the grid is that of the slide's own mpp."""

import json

import numpy as np
import pytest
from PIL import Image

from monai_ext import wsi
from monai_ext.engines.extraction_grid import SlideToGrid, given_for, tissue_file
from monai_ext.errors import SlideError
from monai_ext.hashing import file_hash
from tests.engines.tiny_extraction import add_slide, blank_image, settings_for


@pytest.fixture
def item(tmp_path):
    """A white slide: all tissue on it is the user's."""
    path = add_slide(tmp_path / "slides", "a.tif", blank_image())
    return {"image": str(path), "slide": "a", "mpp": None}


@pytest.fixture
def given(tmp_path):
    """Settings with ``tissue_dir``, and that folder."""
    (tmp_path / "tissue").mkdir()
    return settings_for(tmp_path, tissue_dir=str(tmp_path / "tissue")), tmp_path / "tissue"


def prepared(settings, item):
    found = SlideToGrid(settings)(item)
    found["reader"].close()
    return found


def write_outline(path, box):
    x0, y0, x1, y1 = box
    ring = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "geometry": shape, "properties": {}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))


def corners(found, level=2):
    return found["grid"].coords(level).tolist()


def test_own_tissue_is_that_of_the_segmentation_and_its_settings(tmp_path):
    item = {"image": str(add_slide(tmp_path, "b.tif")), "slide": "b", "mpp": None}
    settings = settings_for(tmp_path)
    found = prepared(settings, item)
    with wsi.open_slide(item["image"]) as reader:
        tissue = wsi.segment_tissue(reader, 0.5, **settings.tissue)
    np.testing.assert_array_equal(found["tissue"].mask, tissue.mask)
    grid = wsi.build_grid(settings.spec, 0.5, (512, 384), tissue)
    for level in range(3):
        np.testing.assert_array_equal(found["grid"].coords(level), grid.coords(level))
    assert 0 < len(found["grid"].levels[2]) < 12


def test_item_keeps_what_it_had(tmp_path, item):
    found = prepared(settings_for(tmp_path), {**item, "label": 1})
    assert {name: found[name] for name in (*item, "label")} == {**item, "label": 1}


def test_given_mpp_goes_before_that_of_the_file(tmp_path, item):
    found = prepared(settings_for(tmp_path), {**item, "mpp": 0.25})
    assert (found["grid"].slide_mpp, found["grid"].step_px) == (0.25, 64)


def test_outlines_go_before_masks_and_cut_the_grid(item, given):
    settings, folder = given
    Image.fromarray(np.full((3, 4), 255, np.uint8)).save(folder / "a.png")
    assert len(corners(prepared(settings, item))) == 12
    write_outline(folder / "a.geojson", (128, 0, 256, 128))
    assert corners(prepared(settings, item)) == [[128, 0]]


def test_masks_are_of_the_whole_slide(item, given):
    settings, folder = given
    mask = np.zeros((3, 4), np.uint8)
    mask[2, 3] = 255
    Image.fromarray(mask).save(folder / "a.png")
    assert corners(prepared(settings, item)) == [[384, 256]]


def test_missing_outlines_say_which_names_are_looked_for(item, given):
    line = r"^slide a has no file in tissue_dir=.*tissue\. Rule: .* <slide>\.geojson, <slide>\.json"
    with pytest.raises(SlideError, match=line):
        SlideToGrid(given[0])(item)


@pytest.mark.parametrize("name", ["a.txt", "ab.geojson", "a.geojson"])
def test_other_names_and_folders_are_no_tissue(given, name):
    settings, folder = given
    (folder / name).mkdir()
    assert tissue_file(settings, "a") is None


def test_given_is_the_mpp_and_the_hash_of_the_own_file(item, given):
    settings, folder = given
    assert given_for(settings, item) == {"mpp": None, "tissue": None}
    (folder / "b.geojson").write_text("1")
    assert given_for(settings, {**item, "mpp": 0.5}) == {"mpp": 0.5, "tissue": None}
    for text in ("1", "2"):
        (folder / "a.geojson").write_text(text)
        assert given_for(settings, item)["tissue"] == file_hash(folder / "a.geojson")


def test_without_a_folder_no_file_is_taken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.geojson").touch()
    assert tissue_file(settings_for(tmp_path), "a") is None
