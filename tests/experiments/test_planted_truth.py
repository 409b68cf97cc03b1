"""Attention against a truth that is known."""

import json

import numpy as np
import pytest
from PIL import Image

from monai_ext.errors import FeatureError
from monai_ext.experiments.planted_truth import attention_auc, outline_truth


def tile(x, y, attention, side=64):
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"measurements": {"attention": attention}},
    }


@pytest.fixture
def mask(tmp_path):
    """A lesion over the tiles at x = 0 and half of those at x = 64, at an eighth of the size."""
    truth = np.zeros((16, 24), dtype=np.uint8)
    truth[:, :11] = 255
    Image.fromarray(truth).save(tmp_path / "truth.png")
    return tmp_path / "truth.png"


@pytest.mark.parametrize(("inside", "outside", "expected"), [(2, 1, 1.0), (1, 2, 0.0), (1, 1, 0.5)])
def test_auc_is_that_of_clear_tiles(tmp_path, mask, inside, outside, expected):
    tiles = [tile(0, 0, inside), tile(0, 64, inside), tile(64, 0, 9.0), tile(128, 0, outside)]
    (tmp_path / "tiles.geojson").write_text(json.dumps({"features": tiles}))
    assert attention_auc(tmp_path / "tiles.geojson", mask, downsample=8) == expected


def test_slide_without_lesion_has_no_auc(tmp_path, mask):
    tiles = [tile(128, 0, 1.0), tile(128, 64, 2.0)]
    (tmp_path / "tiles.geojson").write_text(json.dumps({"features": tiles}))
    assert np.isnan(attention_auc(tmp_path / "tiles.geojson", mask, downsample=8))


def test_file_without_tiles_is_named(tmp_path, mask):
    (tmp_path / "none.geojson").write_text(json.dumps({"features": []}))
    with pytest.raises(FeatureError, match=r"none\.geojson holds no tiles"):
        attention_auc(tmp_path / "none.geojson", mask, downsample=8)


def test_outline_lies_where_the_lesion_is(tmp_path):
    Image.new("RGB", (100, 130), "white").save(tmp_path / "map.png")
    ring = [[200, 200], [800, 200], [800, 800], [200, 800], [200, 200]]
    lesion = {"features": [{"geometry": {"type": "Polygon", "coordinates": [ring]}}]}
    (tmp_path / "truth.geojson").write_text(json.dumps(lesion))
    outline_truth(tmp_path / "map.png", tmp_path / "truth.geojson", 1000, tmp_path / "out.png")
    drawn = np.asarray(Image.open(tmp_path / "out.png")).min(-1) < 128
    rows, cols = np.nonzero(drawn)
    assert 17 <= cols.min() <= 20
    assert 80 <= rows.max() <= 83
    assert not drawn[30:70, 30:70].any()
