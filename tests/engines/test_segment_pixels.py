"""Batches hold the pixels of their windows, whatever is read at a time."""

import numpy as np
import pytest

from monai_ext.engines.segment_pixels import needed_tiles, reading_grid, window_batches
from monai_ext.engines.segment_windows import plan_windows
from monai_ext.errors import SlideError
from monai_ext.testing.tiny_slides import write_tiny_slide
from monai_ext.wsi import TissueMask, open_slide, read_area
from tests.engines.segment_parts import image_slide, random_picture, settings_for

WIDTH, HEIGHT = 230, 170


def every_batch(slide, plan, batch_size=3, fill=255, **changes):
    spec = settings_for(**changes).spec
    grid = reading_grid(spec, 0.5, (slide.info.width, slide.info.height))
    return list(window_batches(slide, grid, plan, batch_size, fill, threads=2))


def expected_window(picture, plan, top, left, fill):
    x, y = plan.before
    canvas = np.full((*plan.padded[::-1], 3), fill, np.uint8)
    canvas[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
    return canvas[top : top + plan.roi_px, left : left + plan.roi_px]


CASES = [
    ((WIDTH, HEIGHT), 48, 0.25, 16),
    ((WIDTH, HEIGHT), 48, 0.0, 64),
    ((WIDTH, HEIGHT), 16, 0.5, 100),
    ((60, 20), 48, 0.25, 16),
    ((20, 60), 48, 0.25, 7),
    ((5, 5), 48, 0.25, 256),
]


@pytest.mark.parametrize("share", [1.0, 0.3])
@pytest.mark.parametrize(("size", "roi", "overlap", "read_px"), CASES)
def test_windows_hold_their_pixels(size, roi, overlap, read_px, share, tmp_path):
    picture = random_picture(*size[::-1])
    slide = image_slide(tmp_path / "a.png", picture).reader
    plan = plan_windows(size, roi, overlap)
    plan.chosen[:] = np.random.default_rng(0).random(plan.chosen.shape) < share
    found = every_batch(slide, plan, fill=9, read_px=read_px)
    places = []
    for row, lefts, pixels in found:
        assert 1 <= len(lefts) == len(pixels) <= 3
        for left, window in zip(lefts, pixels, strict=True):
            expected = expected_window(picture, plan, plan.rows[row], left, 9)
            np.testing.assert_array_equal(window, expected)
            places.append((row, plan.cols.index(left)))
    assert places == list(zip(*np.nonzero(plan.chosen), strict=True))


def test_coarser_windows_hold_what_read_area_gives(tmp_path):
    path = write_tiny_slide(tmp_path / "a.tif", random_picture(HEIGHT, WIDTH), factors=(1, 2))
    plan = plan_windows((58, 43), 24, 0.25)  # 2 um: 4 level-0 px a px
    with open_slide(path) as slide:
        whole = read_area(slide, 0, 0, 232, 172, 58, 43)
        found = every_batch(slide, plan, target_mpp=2.0, read_px=16)
        for row, lefts, pixels in found:
            for left, window in zip(lefts, pixels, strict=True):
                expected = expected_window(whole, plan, plan.rows[row], left, 255)
                np.testing.assert_array_equal(window, expected)
    assert sum(len(pixels) for _, _, pixels in found) == 3 * 3


def test_only_tiles_under_chosen_windows_are_read():
    mask = np.zeros((128, 128), bool)
    mask[70, 10] = True
    plan = plan_windows((128, 128), 32, 0.0, TissueMask(mask, (1.0, 1.0), (128, 128)))
    grid = reading_grid(settings_for(read_px=16).spec, 0.5, (128, 128))
    tiles = needed_tiles(grid, plan).levels[0]
    assert list(zip(tiles.row.tolist(), tiles.col.tolist(), strict=True)) == [
        (4, 0), (4, 1), (5, 0), (5, 1)
    ]  # fmt: skip


def test_slides_that_are_too_coarse_are_refused():
    with pytest.raises(SlideError, match=r"would be upsampled 4\.00 times"):
        reading_grid(settings_for().spec, 2.0, (100, 100))
