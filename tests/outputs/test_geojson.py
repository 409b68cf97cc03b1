"""GeoJSON: RFC 7946 structure, QuPath's members, bounds, levels, size."""

import gzip
import json
import math
import tracemalloc

import numpy as np
import pytest
from shapely.geometry import box, shape
from shapely.ops import unary_union

from monai_ext.errors import FeatureError
from monai_ext.outputs.attention_rank import percentile_rank
from monai_ext.outputs.geojson import TileClass, write_geojson
from monai_ext.outputs.slide_frame import SlideFrame
from monai_ext.outputs.tile_scores import tile_scores
from tests.outputs.conftest import SIZE, SQUARE, grid_tiles

WHOLE = SlideFrame(0, 0, *SIZE)


def _written(path, tiles, frame=WHOLE, **kwargs):
    count = write_geojson(path, tiles, frame, **kwargs)
    document = json.loads(path.read_text())
    assert count == len(document["features"])
    return document


def _assert_rfc_7946(document):
    """Section 3 of the RFC for a FeatureCollection of polygons without holes."""
    assert document["type"] == "FeatureCollection"
    assert "crs" not in document
    assert not {"geometry", "properties", "coordinates"} & set(document)
    for feature in document["features"]:
        assert feature["type"] == "Feature"
        assert isinstance(feature["properties"], dict)
        assert not {"features", "coordinates"} & set(feature)
        (ring,) = feature["geometry"]["coordinates"]
        assert feature["geometry"]["type"] == "Polygon"
        assert len(ring) >= 4
        assert ring[0] == ring[-1]
        points = np.array(ring, dtype=float)
        assert np.isfinite(points).all()
        x, y = points[:-1].T
        assert (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() > 0  # anticlockwise
        assert shape(feature["geometry"]).is_valid


def test_file_is_geojson_and_covers_the_slide(tmp_path):
    document = _written(tmp_path / "a.geojson", grid_tiles())
    _assert_rfc_7946(document)
    shapes = [shape(feature["geometry"]) for feature in document["features"]]
    assert unary_union(shapes).equals(box(0, 0, *SIZE))
    assert sum(item.area for item in shapes) == SIZE[0] * SIZE[1]


def test_hottest_detections_are_the_square(tmp_path):
    document = _written(tmp_path / "a.geojson", grid_tiles())
    rank = [f["properties"]["measurements"]["attention rank"] for f in document["features"]]
    hot = [shape(f["geometry"]) for f, r in zip(document["features"], rank, strict=True) if r > 0.9]
    assert unary_union(hot).equals(box(*SQUARE))


def test_coordinates_count_from_the_bounds(tmp_path):
    document = _written(tmp_path / "a.geojson", grid_tiles(), SlideFrame(150, 90, 700, 500))
    _assert_rfc_7946(document)
    shapes = [shape(feature["geometry"]) for feature in document["features"]]
    assert unary_union(shapes).equals(box(0, 0, 700, 500))
    raw = [f["properties"]["measurements"]["attention"] for f in document["features"]]
    hot = unary_union([s for s, a in zip(shapes, raw, strict=True) if a == 1.0])
    assert hot.equals(box(*(np.array(SQUARE) - [150, 90, 150, 90])))


def test_features_have_what_qupath_reads(tmp_path):
    tiles = grid_tiles(magnifications={0: 20.0})
    document = _written(
        tmp_path / "a.geojson",
        tiles,
        tile_class=TileClass('tumour "x"', (200, 0, 10)),
        members={"provenance": {"id": "00ff"}},
    )
    assert document["provenance"] == {"id": "00ff"}
    for i, feature in enumerate(document["features"]):
        properties = feature["properties"]
        assert properties["objectType"] == "detection"
        assert properties["name"] == "level 0"
        assert properties["classification"] == {"name": 'tumour "x"', "color": [200, 0, 10]}
        measurements = properties["measurements"]
        assert set(measurements) == {"attention rank", "attention", "level", "magnification"}
        assert all(isinstance(v, (int, float)) and math.isfinite(v) for v in measurements.values())
        assert measurements["magnification"] == 20
        assert measurements["attention"] == pytest.approx(tiles.attention[i], rel=1e-8)
        assert measurements["attention rank"] == pytest.approx(
            percentile_rank(tiles.attention)[i], abs=1e-6
        )


def test_unknown_magnification_and_class_are_left_out(tmp_path):
    properties = _written(tmp_path / "a.geojson", grid_tiles())["features"][0]["properties"]
    assert "classification" not in properties
    assert "magnification" not in properties["measurements"]


def test_only_the_finest_level_is_written_unless_asked(tmp_path):
    tiles = grid_tiles((0, 1, 2))
    finest = _written(tmp_path / "a.geojson", tiles)
    assert {f["properties"]["measurements"]["level"] for f in finest["features"]} == {0}
    two = _written(tmp_path / "b.geojson", tiles, levels=[2, 1])
    names = [f["properties"]["name"] for f in two["features"]]
    assert names == ["level 2"] * (4 * 3) + ["level 1"] * (8 * 6)
    ranks = [f["properties"]["measurements"]["attention rank"] for f in two["features"][:12]]
    np.testing.assert_allclose(np.mean(ranks), 0.5, atol=1e-6)


def test_gz_holds_the_same_text_and_is_reproducible(tmp_path, monkeypatch):
    write_geojson(tmp_path / "a.geojson", grid_tiles(), WHOLE)
    write_geojson(tmp_path / "a.geojson.gz", grid_tiles(), WHOLE)
    packed = (tmp_path / "a.geojson.gz").read_bytes()
    assert gzip.decompress(packed) == (tmp_path / "a.geojson").read_bytes()
    monkeypatch.setattr(gzip.time, "time", lambda: 1e9)
    write_geojson(tmp_path / "b.geojson.gz", grid_tiles(), WHOLE)
    assert (tmp_path / "b.geojson.gz").read_bytes() == packed


def test_slide_without_tiles_gives_an_empty_collection(tmp_path):
    none = tile_scores([], ([], [], []), 1.0)
    assert _written(tmp_path / "a.geojson", none)["features"] == []


def test_missing_level_is_refused_and_leaves_no_file(tmp_path):
    with pytest.raises(FeatureError, match="no tile of level 5"):
        write_geojson(tmp_path / "a.geojson", grid_tiles(), WHOLE, levels=[5])
    assert list(tmp_path.iterdir()) == []


def _many(side):
    row, col = (axis.ravel() for axis in np.indices((side, side)))
    attention = np.random.default_rng(0).random(side**2)
    tiles = tile_scores(attention, (np.zeros(side**2), row, col), 512.0)
    return tiles, SlideFrame(0, 0, side * 512, side * 512)


def test_fifty_thousand_tiles_stay_small_in_memory_and_on_disk(tmp_path):
    tile_class = TileClass("tumour", (200, 0, 10))
    tiles, frame = _many(224)
    tracemalloc.start()
    assert write_geojson(tmp_path / "a.geojson", tiles, frame, tile_class=tile_class) > 50_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6
    assert (tmp_path / "a.geojson").stat().st_size < 25e6


def test_tiles_are_streamed(tmp_path):
    tiles, frame = _many(80)
    tracemalloc.start()
    write_geojson(tmp_path / "a.geojson", tiles, frame)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.8 * (tmp_path / "a.geojson").stat().st_size
