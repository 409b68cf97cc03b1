import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from monai_ext.errors import SlideError
from monai_ext.wsi.info import SlideInfo, StoredLevel
from monai_ext.wsi.tissue_geojson import tissue_from_geojson, tissue_to_geojson
from monai_ext.wsi.tissue_mask import TissueMask

INFO = SlideInfo(Path("a.svs"), 9600, 6400, 0.5, (StoredLevel(9600, 6400, 1.0),), None, "0", "x")
SQUARE = [[[100, 200], [1100, 200], [1100, 1200], [100, 1200], [100, 200]]]


@pytest.fixture
def tissue(np_rng) -> TissueMask:
    mask = gaussian_filter(np_rng.normal(size=(200, 300)), 8) > 0
    return TissueMask(mask, (32.0, 32.0), (9600, 6400))


def _feature(coordinates, **properties):
    geometry = {"type": "Polygon", "coordinates": coordinates}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _read(tmp_path, data, info=INFO, **settings):
    path = tmp_path / "tissue.geojson"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return tissue_from_geojson(path, info, **settings)


def _area(tissue: TissueMask) -> float:
    return float(tissue.mask.sum() * tissue.downsample[0] * tissue.downsample[1])


@pytest.mark.parametrize("origin", [(0, 0), (1234, 567)])
def test_round_trip_keeps_the_tissue(tmp_path, tissue, origin):
    bounds = None if origin == (0, 0) else (*origin, 8000, 5000)
    info = replace(INFO, bounds=bounds)
    tissue_to_geojson(replace(tissue, origin=info.origin), tmp_path / "t.geojson")
    back = tissue_from_geojson(tmp_path / "t.geojson", info)
    fine = np.kron(tissue.mask, np.ones((8, 8), bool))  # 4 level-0 px a px
    x = ((np.arange(2400) + 0.5) * 4 / back.downsample[0]).astype(int)
    y = ((np.arange(1600) + 0.5) * 4 / back.downsample[1]).astype(int)
    sampled = back.mask[np.ix_(y, x)]
    assert (fine & sampled).sum() / (fine | sampled).sum() >= 0.99
    assert back.origin == info.origin


def test_file_counts_from_the_bounds_as_qupath_does(tmp_path, tissue):
    tissue_to_geojson(tissue, tmp_path / "whole.geojson")
    tissue_to_geojson(replace(tissue, origin=(1000, 300)), tmp_path / "cut.geojson")
    corners = [
        np.array(
            json.loads((tmp_path / f"{name}.geojson").read_text())["features"][0]["geometry"][
                "coordinates"
            ][0]
        )
        for name in ("whole", "cut")
    ]
    np.testing.assert_allclose(
        corners[0] - corners[1], np.broadcast_to([1000, 300], corners[0].shape)
    )


def test_file_holds_qupath_annotations_of_class_tissue(tmp_path, tissue):
    tissue_to_geojson(tissue, tmp_path / "t.geojson")
    data = json.loads((tmp_path / "t.geojson").read_text())
    assert data["type"] == "FeatureCollection"
    for feature in data["features"]:
        assert feature["geometry"]["type"] == "Polygon"
        assert feature["properties"]["objectType"] == "annotation"
        assert feature["properties"]["name"] == "Tissue"
        assert feature["properties"]["classification"]["name"] == "Tissue"


def test_no_tissue_survives_the_round_trip(tmp_path):
    tissue_to_geojson(
        TissueMask(np.zeros((5, 5), bool), (9.0, 9.0), (45, 45)), tmp_path / "t.geojson"
    )
    assert not tissue_from_geojson(tmp_path / "t.geojson", INFO).mask.any()


@pytest.mark.parametrize("wrap", ["collection", "feature", "list"])
def test_polygon_drawn_by_hand_is_tissue(tmp_path, wrap):
    feature = _feature(SQUARE, objectType="annotation")
    data = {
        "collection": {"type": "FeatureCollection", "features": [feature]},
        "feature": feature,
        "list": [feature],
    }[wrap]
    tissue = _read(tmp_path, data, max_edge_px=960)
    np.testing.assert_allclose(
        tissue.fraction(0, 0, 100, 14, 13), np.pad(np.ones((10, 10)), ((2, 2), (1, 2)))
    )


def test_overlapping_and_self_crossing_polygons_are_joined(tmp_path):
    shifted = [[[x + 500, y] for x, y in SQUARE[0]]]
    bow = [[[4000, 1000], [5000, 2000], [5000, 1000], [4000, 2000], [4000, 1000]]]
    tissue = _read(tmp_path, [_feature(SQUARE), _feature(shifted), _feature(bow)])
    assert _area(tissue) == pytest.approx(1.5e6 + 0.5e6, rel=0.01)


def test_hole_drawn_by_hand_is_no_tissue(tmp_path):
    hole = [[300, 400], [300, 600], [500, 600], [500, 400], [300, 400]]
    assert _area(_read(tmp_path, [_feature([*SQUARE, hole])])) == pytest.approx(0.96e6, rel=0.01)


def test_multipolygon_is_read(tmp_path):
    far = [[[x + 5000, y] for x, y in SQUARE[0]]]
    feature = _feature(SQUARE)
    feature["geometry"] = {"type": "MultiPolygon", "coordinates": [SQUARE, far]}
    assert _area(_read(tmp_path, feature)) == pytest.approx(2e6, rel=0.01)


@pytest.mark.parametrize("classification", ["Tumor", {"name": "Tumor"}])
def test_annotations_of_another_class_do_not_count(tmp_path, classification):
    other = _feature([[[x + 5000, y] for x, y in SQUARE[0]]], classification=classification)
    ours = _feature(SQUARE, classification={"name": "Tissue"})
    assert _area(_read(tmp_path, [other, ours])) == pytest.approx(1e6, rel=0.01)
    with pytest.raises(SlideError, match=r'1 features, none of them tissue.*class "Tissue"'):
        _read(tmp_path, [other])


@pytest.mark.parametrize(
    "data",
    [
        "not json",
        "3",
        "{}",
        {"type": "FeatureCollection"},
        [{"type": "Polygon"}],
        [{"type": "Feature"}],
        [_feature([[["a", 0], [1, 1], [0, 1], ["a", 0]]])],
        [_feature([[[0, 0], [1, 1]]])],
        [_feature([[[0, 0], [1, float("nan")], [0, 1], [0, 0]]])],
        [_feature(None)],
        '[{"type": "Feature", "geometry": {"type": "Polygon", "coordinates": NaN}}]',
        "[" * 100_000,
    ],
)
def test_unsound_file_is_named(tmp_path, data):
    with pytest.raises(SlideError, match=r"tissue\.geojson is no sound GeoJSON"):
        _read(tmp_path, data)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(SlideError, match=r"nowhere\.geojson is no sound GeoJSON"):
        tissue_from_geojson(tmp_path / "nowhere.geojson", INFO)


def test_method_follows_the_content(tmp_path):
    one = _read(tmp_path, [_feature(SQUARE)]).method
    two = _read(tmp_path, [_feature(SQUARE), _feature(SQUARE)]).method
    assert one.startswith("geojson ")
    assert one != two
