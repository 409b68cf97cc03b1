"""What a setting changes in the pictures of one slide."""

import dataclasses
import json
import re

import numpy as np
import pytest
from PIL import Image

from monai_ext.errors import SlideError
from monai_ext.outputs.attention_rank import rank_within_levels
from monai_ext.outputs.provenance import Provenance
from monai_ext.outputs.slide_pictures import PictureSettings, SlidePictures
from tests.outputs.conftest import grid_tiles
from tests.outputs.dicom_parts import dciodvfy_faults, read_groups

SETTINGS = PictureSettings(
    heatmap=True,
    geojson=True,
    contact_sheet=True,
    long_side_px=200,
    top=2,
    bottom=1,
    columns=3,
    tile_px=32,
)
P = {"normal": 0.4, "tumour": 0.6}


def _written(folder, slide, **change):
    """Pixels of the two pictures and the document, by kind."""
    pictures = SlidePictures(folder, dataclasses.replace(SETTINGS, **change), list(P))
    tiles, chain = grid_tiles((0, 1)), Provenance("slide")
    pictures.write_heatmap("s", tiles, slide, chain)
    pictures.write_contact_sheet("s", tiles, slide, chain)
    pictures.write_geojson("s", tiles, slide, P, chain)
    return {
        "heatmap": np.asarray(Image.open(folder / "heatmaps/s_heatmap.png")),
        "sheet": np.asarray(Image.open(folder / "contact_sheets/s_tiles.png")),
        "geojson": json.loads((folder / "geojson/s.geojson").read_text()),
    }


def test_geojson_begins_at_the_bounds_of_the_slide(tmp_path, bounded):
    document = _written(tmp_path, bounded)["geojson"]
    assert document["frame"] == {
        "x": 150,
        "y": 90,
        "width": 700,
        "height": 500,
        "is_bounds_known": True,
    }
    corners = [feature["geometry"]["coordinates"][0][0] for feature in document["features"]]
    assert np.min(corners, axis=0).tolist() == [0, 0]


@pytest.mark.parametrize("change", [{"level": 1}, {"is_combined": True}, {"long_side_px": 100}])
def test_setting_changes_the_heat_map(tmp_path, slide, change):
    plain, other = _written(tmp_path / "a", slide), _written(tmp_path / "b", slide, **change)
    assert not np.array_equal(plain["heatmap"], other["heatmap"])


@pytest.mark.parametrize("change", [{"level": 1}, {"top": 1}, {"columns": 1}, {"tile_px": 16}])
def test_setting_changes_the_contact_sheet(tmp_path, slide, change):
    plain, other = _written(tmp_path / "a", slide), _written(tmp_path / "b", slide, **change)
    assert not np.array_equal(plain["sheet"], other["sheet"])


def test_geojson_holds_the_levels_asked_for(tmp_path, slide):
    document = _written(tmp_path, slide, geojson_levels=[1])["geojson"]
    assert {f["properties"]["measurements"]["level"] for f in document["features"]} == {1}


def test_colour_follows_the_class_in_label_order(tmp_path, slide):
    document = _written(tmp_path, slide)["geojson"]
    assert document["prediction"] == P
    classes = [f["properties"]["classification"] for f in document["features"]]
    assert {each["name"] for each in classes} == {"slide predicted tumour"}
    assert {tuple(each["color"]) for each in classes} == {(213, 94, 0)}


def test_report_holds_thumbnail_pictures_and_numbers_of_tiles(tmp_path, bounded):
    pictures = SlidePictures(tmp_path, SETTINGS, list(P))
    tiles, chain = grid_tiles((0, 1)), Provenance("slide")
    drawn = {"Attention": pictures.write_heatmap("s", tiles, bounded, chain)}
    pictures.write_report("s", tiles, bounded, P, chain, drawn)
    page = (tmp_path / "reports/s_report.html").read_text()
    assert page.index('alt="Slide"') < page.index('alt="Attention"')
    for level in (0, 1):
        count = int((tiles.level == level).sum())
        assert re.search(rf"<th>tiles, level {level}[^<]*</th><td>{count}</td>", page)
    pictures.write_report("t", tiles, None, P, chain, {})
    assert "<img" not in (tmp_path / "reports/t_report.html").read_text()


def test_a_report_alone_is_wanted():
    off = dict.fromkeys(("heatmap", "geojson", "contact_sheet"), "False")
    assert not dataclasses.replace(SETTINGS, **off).is_wanted
    assert dataclasses.replace(SETTINGS, **off, report="True").is_wanted


def test_dicom_annotations_are_the_tiles_with_their_attention(tmp_path, dicom):
    settings = dataclasses.replace(SETTINGS, dicom_annotations="true", algorithm="abmil")
    pictures, tiles = SlidePictures(tmp_path, settings, list(P)), grid_tiles((0, 1))
    pictures.write_dicom_annotations("s", tiles, dicom, P, Provenance("slide"))
    pictures.write_geojson("s", tiles, dicom, P, Provenance("slide"))
    document = json.loads((tmp_path / "geojson/s.geojson").read_text())
    expected = [feature["geometry"]["coordinates"][0][:-1] for feature in document["features"]]
    path = tmp_path / "dicom_annotations/s.dcm"
    ((name, (rings, measured)),) = read_groups(path).items()
    assert (name, len(rings)) == ("tile, level 0", len(tiles.of_level(0)))
    np.testing.assert_array_equal(np.array(rings), np.array(expected, float))
    fine = tiles.of_level(0)
    np.testing.assert_allclose(measured["attention", "1"], fine.attention, rtol=1e-6)
    ranks = rank_within_levels(fine)
    np.testing.assert_allclose(measured["attention rank", "1"], ranks, atol=1e-6)
    assert b"not evidence of tumour" in path.read_bytes()
    assert b"abmil" in path.read_bytes()
    assert dciodvfy_faults(path) == []


def test_dicom_annotations_need_the_slide(tmp_path, slide):
    pictures = SlidePictures(tmp_path, SETTINGS, list(P))
    for given, message in ((None, "slide s has no file"), (slide, "is no DICOM slide")):
        with pytest.raises(SlideError, match=message):
            pictures.write_dicom_annotations("s", grid_tiles(), given, P, Provenance("slide"))
