"""A slide whose scan covers a part of the canvas, from the reader to QuPath's file."""

import json

import numpy as np
import pytest

from monai_ext.testing.bounded_slide import write_bounded_slide
from monai_ext.wsi import (
    GridSpec,
    build_grid,
    open_slide,
    read_tiles,
    segment_tissue,
    tissue_from_geojson,
    tissue_to_geojson,
)


@pytest.fixture
def slide(tmp_path, slide_image):
    image = slide_image[:400, :500]
    path = write_bounded_slide(
        tmp_path / "a.scn", image, canvas=(1600, 1200), corner=(640, 320), mpp=1.0
    )
    with open_slide(path) as slide:
        yield slide


def test_bounds_are_read_and_openslide_serves_it(slide):
    assert slide.backend == "openslide"
    assert slide.info.bounds == (640, 320, 500, 400)
    assert slide.info.origin == (640, 320)
    assert (slide.info.width, slide.info.height) == (1600, 1200)


def test_grid_is_anchored_at_the_canvas_and_white_outside_the_scan(slide, slide_image):
    grid = build_grid(GridSpec(320, (1.0,), 0.0, 0.0, 1.0), 1.0, (1600, 1200))
    tiles = {
        tuple(grid.coords(0)[i].tolist()): tile
        for index, batch in read_tiles(slide, grid, 0)
        for i, tile in zip(index.tolist(), batch, strict=True)
    }
    assert (tiles[320, 320] == 255).all()
    assert np.abs(tiles[640, 320].astype(int) - slide_image[:320, :320]).mean() < 6


def test_geojson_counts_from_the_scan_and_comes_back(slide, tmp_path):
    tissue = segment_tissue(slide, 1.0)
    tissue_to_geojson(tissue, tmp_path / "t.geojson")
    points = np.concatenate(
        [
            np.array(feature["geometry"]["coordinates"][0])
            for feature in json.loads((tmp_path / "t.geojson").read_text())["features"]
        ]
    )
    np.testing.assert_allclose(points.min(0), [0, 0], atol=16)
    np.testing.assert_allclose(points.max(0), [500, 400], atol=16)
    back = tissue_from_geojson(tmp_path / "t.geojson", slide.info)
    np.testing.assert_allclose(
        back.fraction(0, 0, 40, 30, 40), tissue.fraction(0, 0, 40, 30, 40), atol=0.1
    )
