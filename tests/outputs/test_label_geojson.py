"""Polygons say what the label map says, where QuPath looks for it."""

import gzip
import json
import tracemalloc

import numpy as np
import pytest
from scipy import ndimage
from shapely.geometry import shape

from monai_ext.engines.segment_inferer import segment_slide
from monai_ext.engines.segment_source import SlideToSegment
from monai_ext.outputs.class_colours import class_colours
from monai_ext.outputs.label_geojson import OutlineRules, write_label_geojson
from monai_ext.testing.bounded_slide import write_bounded_slide
from monai_ext.testing.tiny_slides import write_tiny_slide
from monai_ext.wsi.polygon_raster import fill_rings
from tests.engines.segment_parts import Purple, settings_for
from tests.outputs.label_parts import blobs, label_map, pieces_of

NAMES = ["background", "gland", 'stroma "x"']
EXACT = OutlineRules(tolerance_um=0.0)


def written(path, found, rules=EXACT, **members):
    count = write_label_geojson(path, found, pieces_of(found), NAMES, rules, members=members)
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    document = json.loads(text)
    assert len(document["features"]) == count
    return document


def of_class(document, name):
    features = document["features"]
    return [f for f in features if f["properties"]["classification"]["name"] == name]


def filled(document, name, found):
    """The class as pixels, from its polygons."""
    picture = np.zeros(found.labels.shape, int)
    for feature in of_class(document, name):
        rings = [np.array(ring) / found.scale for ring in feature["geometry"]["coordinates"]]
        picture += fill_rings(rings, *found.labels.shape)
    assert picture.max(initial=0) <= 1
    return picture == 1


def overlap_of(one, other):
    return (one & other).sum() / (one | other).sum()


@pytest.mark.parametrize("scale", [1.0, 2.0, 3.7])
def test_without_tolerance_polygons_are_the_label_map(scale, tmp_path):
    found = label_map(blobs(60, 83), scale=scale)
    document = written(tmp_path / "a.geojson", found)
    for label, name in enumerate(NAMES[1:], start=1):
        assert overlap_of(filled(document, name, found), found.labels == label) == 1.0


@pytest.mark.parametrize(("tolerance", "points"), [(None, 0.9), (1.0, 0.5)])
def test_tolerance_saves_points_and_keeps_the_area(tolerance, points, tmp_path):
    found = label_map(blobs(240, 240, sigma=9.0), scale=2.0, mpp=1.0)
    exact = written(tmp_path / "a.geojson", found)
    document = written(tmp_path / "b.geojson", found, OutlineRules(tolerance_um=tolerance))
    assert document["outlines"]["tolerance_um"] == (tolerance or 0.5)
    for label, name in enumerate(NAMES[1:], start=1):
        same = overlap_of(filled(document, name, found), found.labels == label)
        assert same >= (0.99 if tolerance is None else 0.97)
    assert len(json.dumps(document)) < points * len(json.dumps(exact))
    assert len(document["features"]) == len(exact["features"])
    holes = [
        sum(len(f["geometry"]["coordinates"]) for f in d["features"]) for d in (exact, document)
    ]
    assert holes[0] == holes[1] > len(exact["features"])


@pytest.mark.parametrize("rules", [EXACT, OutlineRules(), OutlineRules(tolerance_um=3.0)])
def test_file_is_sound_geojson_whose_rings_turn_the_right_way(rules, tmp_path):
    noisy = np.where(np.random.default_rng(0).random((60, 60)) < 0.3, 1, blobs(60, 60))
    document = written(tmp_path / "a.geojson", label_map(noisy.astype(np.uint8)), rules)
    assert document["type"] == "FeatureCollection"
    assert len(document["features"]) > 20
    for feature in document["features"]:
        assert (feature["type"], feature["geometry"]["type"]) == ("Feature", "Polygon")
        assert shape(feature["geometry"]).is_valid
        for k, ring in enumerate(feature["geometry"]["coordinates"]):
            assert ring[0] == ring[-1]
            x, y = np.array(ring, float)[:-1].T
            turn = (x * np.roll(y, -1) - y * np.roll(x, -1)).sum()
            assert turn > 0 if k == 0 else turn < 0


def test_features_have_what_qupath_reads_and_what_was_measured(tmp_path):
    labels = np.zeros((8, 10), np.uint8)
    labels[1:6, 2:7] = 2
    labels[3, 4] = 0
    probability = np.linspace(0.5, 0.9, 80).reshape(8, 10)
    found = label_map(labels, probability, scale=2.0, mpp=0.5, origin=(30, 40))
    document = written(tmp_path / "a.geojson", found, provenance={"id": "123"})
    (feature,) = document["features"]
    properties = feature["properties"]
    assert properties["objectType"] == "annotation"
    assert properties["classification"] == {"name": NAMES[2], "color": list(class_colours(3)[2])}
    expected = probability[labels == 2].mean()
    assert properties["measurements"]["area um2"] == 24 * 0.25
    assert properties["measurements"]["mean probability"] == pytest.approx(expected, abs=1e-6)
    outer, hole = feature["geometry"]["coordinates"]
    assert sorted(outer[:-1]) == [[4, 2], [4, 12], [14, 2], [14, 12]]  # whole numbers
    assert {type(value) for point in outer for value in point} == {int}
    assert sorted(hole[:-1]) == [[8, 6], [8, 8], [10, 6], [10, 8]]
    assert document["provenance"] == {"id": "123"}
    assert document["outlines"]["origin_level0_px"] == [30, 40]


def test_small_pieces_and_holes_are_left_out_as_asked(tmp_path):
    labels = np.zeros((20, 20), np.uint8)
    labels[2:12, 2:12] = 1
    labels[4, 4] = 0  # 4 um2
    labels[6:9, 6:9] = 0  # 36 um2
    labels[15, 15:17] = 1  # 8 um2
    found = label_map(labels, mpp=2.0, scale=1.0)
    both = written(tmp_path / "a.geojson", found, OutlineRules(tolerance_um=0, min_area_um2=8.0))
    assert len(both["features"]) == 2
    rules = OutlineRules(tolerance_um=0, min_area_um2=8.1, min_hole_um2=4.1)
    document = written(tmp_path / "b.geojson", found, rules)
    (feature,) = document["features"]
    assert shape(feature["geometry"]).area == 100 - 9
    assert feature["properties"]["measurements"]["area um2"] == 90 * 4
    said = document["outlines"]
    assert (said["min_area_um2"], said["min_hole_um2"]) == (8.1, 4.1)
    assert len(shape(both["features"][0]["geometry"]).interiors) == 2


def test_polygons_end_at_the_slide(tmp_path):
    found = label_map(np.ones((3, 3), np.uint8), scale=4.0, size=(11, 10))
    (feature,) = written(tmp_path / "a.geojson", found)["features"]
    assert shape(feature["geometry"]).bounds == (0, 0, 11, 10)


def test_packed_file_is_the_same_document(tmp_path):
    found = label_map(blobs(30, 30))
    packed = written(tmp_path / "a.geojson.gz", found)
    assert packed == written(tmp_path / "a.geojson", found)


def test_many_pieces_need_little_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("monai_ext.outputs.label_geojson._RUNS_AT_A_TIME", 1000)
    labels = np.zeros((400, 400), np.uint8)
    labels[::2, ::2] = 1
    found = label_map(labels)
    pieces = pieces_of(found)
    tracemalloc.start()
    count = write_label_geojson(tmp_path / "a.geojson", found, pieces, NAMES, EXACT)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 200 * 200
    assert peak < (tmp_path / "a.geojson").stat().st_size / 4


def glands():
    """Pink tissue with three purple glands, one of them with a lumen."""
    image = np.full((320, 448, 3), (235, 190, 215), np.uint8)
    rows, cols = np.ogrid[:320, :448]
    truth = np.zeros((320, 448), bool)
    for y, x, radius, lumen in ((80, 100, 48, 20), (220, 150, 40, 0), (160, 330, 64, 0)):
        distance = np.hypot(rows - y, cols - x)
        truth |= (distance < radius) & (distance >= lumen)
    image[truth] = (170, 70, 150)
    return image, truth


@pytest.mark.parametrize("target_mpp", [0.5, 1.0, 1.3])
@pytest.mark.parametrize("is_bounded", [False, True])
def test_planted_glands_are_found_in_their_place(target_mpp, is_bounded, tmp_path):
    image, truth = glands()
    if is_bounded:
        corner, canvas = (230, 170), (1024, 768)
        path = write_bounded_slide(tmp_path / "a.scn", image, canvas=canvas, corner=corner)
    else:
        path = write_tiny_slide(tmp_path / "a.tif", image, quality=95, subsampling="444")
    settings = settings_for(target_mpp=target_mpp, roi_px=64, read_px=64, find_tissue="all")
    slide = SlideToSegment(path, "a", None, settings)
    found = segment_slide(slide, Purple())
    slide.close()
    assert found.origin == ((230, 170) if is_bounded else (0, 0))
    document = written(tmp_path / "a.geojson", found, OutlineRules(min_area_um2=200.0))
    features = of_class(document, "gland")
    assert len(features) == ndimage.label(truth)[1] == 3
    picture = np.zeros(truth.shape, bool)
    for feature in features:
        rings = [np.array(ring, float) for ring in feature["geometry"]["coordinates"]]
        picture |= fill_rings(rings, *truth.shape)
    assert overlap_of(picture, truth) > 0.95
    assert sorted(len(f["geometry"]["coordinates"]) for f in features) == [1, 1, 2]
    areas = sum(f["properties"]["measurements"]["area um2"] for f in features)
    assert areas == pytest.approx(truth.sum() * 0.25, rel=0.02)
