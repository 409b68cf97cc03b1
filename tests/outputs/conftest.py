"""A slide with one dark square at a known place, and a grid of tiles over it."""

import dataclasses

import numpy as np
import pytest

from monai_ext.outputs.tile_scores import tile_scores
from monai_ext.testing.tiny_slides import write_tiny_slide
from monai_ext.wsi.open_slide import open_slide
from tests.dicom_slides import dicom_slide

SIZE = (1000, 700)
SQUARE = (384, 192, 576, 384)  # left, top, right, bottom: whole tiles of 64 px
STEP = 64


class Bounded:
    """A reader whose slide has scan bounds, as MIRAX slides do."""

    backend = "test"

    def __init__(self, inner, bounds):
        self.inner, self.info = inner, dataclasses.replace(inner.info, bounds=bounds)

    def read_region(self, x, y, width, height, level):
        return self.inner.read_region(x, y, width, height, level)


@pytest.fixture(scope="session")
def slide(tmp_path_factory):
    image = np.full((SIZE[1], SIZE[0], 3), 240, dtype=np.uint8)
    left, top, right, bottom = SQUARE
    image[top:bottom, left:right] = (60, 20, 80)
    path = tmp_path_factory.mktemp("slides") / "square.tiff"
    return open_slide(write_tiny_slide(path, image, quality=95), reader="openslide")


@pytest.fixture
def bounded(slide):
    return Bounded(slide, (150, 90, 700, 500))


def grid_tiles(levels=(0,), *, attention=None, **kwargs):
    """All tiles of SIZE at these levels; attention: share of the tile that is dark."""
    parts = []
    for level in levels:
        side = STEP << level
        rows, cols = -(-SIZE[1] // side), -(-SIZE[0] // side)
        row, col = (axis.ravel() for axis in np.indices((rows, cols)))
        parts.append(np.stack([np.full_like(row, level), row, col]))
    index = np.concatenate(parts, axis=1)
    side = STEP * 2.0 ** index[0]
    if attention is None:
        left, top = index[2] * side, index[1] * side
        wide = np.minimum(left + side, SQUARE[2]) - np.maximum(left, SQUARE[0])
        high = np.minimum(top + side, SQUARE[3]) - np.maximum(top, SQUARE[1])
        attention = np.clip(wide, 0, None) * np.clip(high, 0, None) / side**2
    return tile_scores(attention, tuple(index), side, slide_size=SIZE, **kwargs)


def scale_bar_px(page, picture_height):
    """Length of the longest dark line below a picture."""
    rows = np.asarray(page.convert("L"))[picture_height:] < 60
    return max(_longest_run(row) for row in rows)


def _longest_run(row):
    edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
    return max(edges[1::2] - edges[::2], default=0)


@pytest.fixture(scope="session")
def dicom_folder(slide, tmp_path_factory):
    """The slide as DICOM, of an invented patient."""
    return dicom_slide(slide.info.path, tmp_path_factory.mktemp("dicom") / "square")


@pytest.fixture(scope="session")
def dicom(dicom_folder):
    return open_slide(dicom_folder)
