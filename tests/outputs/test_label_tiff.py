"""Label TIFFs keep every class, at the right scale, for slide readers too."""

import json

import numpy as np
import pytest
import tifffile

from monai_ext.outputs.label_tiff import halved_labels, write_label_tiff
from monai_ext.wsi import open_slide, read_area
from tests.outputs.label_parts import blobs, label_map

NAMES = ["background", "gland", "stroma"]


def write(path, found, **members):
    write_label_tiff(path, found, NAMES, members=members)
    return path


@pytest.mark.parametrize("shape", [(1, 1), (300, 700), (1100, 513)], ids=str)
def test_levels_are_the_labels_and_their_halves(shape, tmp_path):
    found = label_map(blobs(*shape), mpp=0.5)
    expected = found.labels
    with tifffile.TiffFile(write(tmp_path / "a.tif", found)) as tiff:
        for k, page in enumerate(tiff.pages):
            level = page.aspage()
            np.testing.assert_array_equal(level.asarray(), expected)
            assert level.is_tiled
            assert level.asarray().dtype == np.uint8
            assert bool(level.subfiletype) == (k > 0)
            top, bottom = level.tags["XResolution"].value
            assert bottom / top * 1e4 == pytest.approx(0.5 * 2**k, rel=1e-6)
            expected = halved_labels(expected)
        assert max(level.asarray().shape) <= 512
        assert len(tiff.pages) == 1 + sum(max(shape) > 512 * 2**k for k in range(3))


def test_slide_readers_find_size_scale_and_classes(tmp_path):
    found = label_map(blobs(600, 900), mpp=1.0)
    with open_slide(write(tmp_path / "a.tif", found)) as slide:
        assert (slide.info.width, slide.info.height) == (900, 600)
        assert slide.info.mpp == pytest.approx(1.0, rel=1e-6)
        assert [level.downsample for level in slide.info.levels] == [1.0, 2.0]
        grey = read_area(slide, 0, 0, 900, 600, 900, 600)
    np.testing.assert_array_equal(grey[..., 0], found.labels)


def test_description_names_the_classes_and_where_the_map_begins(tmp_path):
    found = label_map(blobs(30, 40), origin=(70, 90))
    path = write(tmp_path / "a.tif", found, provenance={"id": "1"})
    with tifffile.TiffFile(path) as tiff:
        notes = json.loads(tiff.pages[0].aspage().description)
    assert notes["classes"] == {"0": "background", "1": "gland", "2": "stroma"}
    assert notes["origin_level0_px"] == [70, 90]
    assert notes["provenance"] == {"id": "1"}
    again = write(tmp_path / "b.tif", found, provenance={"id": "1"})
    assert again.read_bytes() == path.read_bytes()


def test_halves_take_the_most_frequent_class_and_invent_none(np_rng):
    labels = np_rng.integers(0, 4, (33, 47)).astype(np.uint8)
    half = halved_labels(labels)
    padded = np.pad(labels, ((0, 1), (0, 1)), mode="edge")
    for y in range(half.shape[0]):
        for x in range(half.shape[1]):
            block = padded[2 * y : 2 * y + 2, 2 * x : 2 * x + 2].ravel().tolist()
            best = max(block.count(value) for value in block)
            assert half[y, x] == next(value for value in block if block.count(value) == best)
