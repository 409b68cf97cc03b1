"""Hot pixels lie where the slide is dark, for whole slides, bounds and every level."""

import numpy as np
import pytest

from monai_ext.errors import FeatureError
from monai_ext.outputs.attention_rank import shown_rank
from monai_ext.outputs.canvas import thumbnail_canvas
from monai_ext.outputs.heat_colours import heat_colours
from monai_ext.outputs.heatmap import attention_heatmap, overlay
from monai_ext.outputs.legend import NOT_EVIDENCE
from tests.outputs.conftest import SIZE, SQUARE, grid_tiles, scale_bar_px


def _hot(image, tiles, **choice):
    """Pixels in the colour of the highest rank."""
    top = heat_colours(shown_rank(tiles, **choice)[1].max()).astype(int)
    return np.abs(image[..., :3].astype(int) - top).max(axis=2) <= 3


def _square(canvas_size, downsample, origin=(0, 0)):
    left, top, right, bottom = np.array(SQUARE) - [*origin, *origin]
    y, x = np.indices(canvas_size[::-1]) * downsample + downsample / 2
    return (x >= left) & (x < right) & (y >= top) & (y < bottom)


def _iou(a, b):
    return (a & b).sum() / (a | b).sum()


def test_hot_pixels_cover_the_dark_square(slide):
    tiles = grid_tiles()
    image = np.asarray(attention_heatmap(tiles, slide, long_side_px=500, opacity=1.0))
    assert _iou(_hot(image[:350, :500], tiles), _square((500, 350), 2)) > 0.98


@pytest.mark.parametrize("long_side_px", [350, 175])
def test_hot_pixels_cover_the_dark_square_of_a_slide_with_bounds(bounded, long_side_px):
    tiles, down = grid_tiles(), 700 // long_side_px
    size = (long_side_px, 500 // down)
    image = np.asarray(attention_heatmap(tiles, bounded, long_side_px=long_side_px, opacity=1.0))
    hot = _hot(image[: size[1], : size[0]], tiles)
    assert _iou(hot, _square(size, down, (150, 90))) > 0.9
    dark = thumbnail_canvas(bounded, long_side_px).image.mean(axis=2) < 150
    assert _iou(hot, dark) > 0.9


def test_hot_pixels_are_right_without_a_slide():
    tiles = grid_tiles()
    image = np.asarray(attention_heatmap(tiles, None, long_side_px=500, opacity=1.0))
    assert _iou(_hot(image[:350, :500], tiles), _square((500, 350), 2)) > 0.98


def test_combined_levels_agree_on_the_square(slide):
    tiles = grid_tiles((0, 1, 2))
    picture = attention_heatmap(tiles, slide, long_side_px=500, is_combined=True, opacity=1.0)
    hot = _hot(np.asarray(picture)[:350, :500], tiles, is_combined=True)
    square = _square((500, 350), 2)
    assert hot.sum() > 0
    assert (hot & ~square).sum() == 0


def test_other_level_paints_its_own_larger_tiles(slide):
    attention = np.zeros(16 * 11 + 8 * 6)
    attention[16 * 11 + 8 * 2 + 3] = 1.0  # level 1, row 2, column 3
    tiles = grid_tiles((0, 1), attention=attention)
    image = np.asarray(attention_heatmap(tiles, slide, long_side_px=1000, level=1, opacity=1.0))
    rows, cols = np.nonzero(_hot(image[:700], tiles, level=1))
    assert (cols.min(), rows.min(), cols.max() + 1, rows.max() + 1) == (384, 256, 512, 384)


def test_slide_shows_unchanged_where_no_tile_lies(slide):
    tiles = grid_tiles()
    few = tiles.chosen(tiles.row == 0)
    canvas = thumbnail_canvas(slide, 500)
    tiled, ranks = shown_rank(few)
    painted = overlay(canvas, tiled, ranks, 0.6)
    np.testing.assert_array_equal(painted[32:], canvas.image[32:])
    assert (painted[:32] != canvas.image[:32]).any(axis=2).all()


def test_opacity_zero_leaves_the_grey_slide(slide):
    canvas, tiles = thumbnail_canvas(slide, 250), grid_tiles()
    painted = overlay(canvas, *shown_rank(tiles), 0.0)
    grey = canvas.image.mean(axis=2, keepdims=True)
    assert np.abs(painted - grey).max() <= 0.51


def test_uniform_attention_has_one_colour(slide):
    tiles = grid_tiles(attention=np.full(16 * 11, 0.3))
    image = np.asarray(attention_heatmap(tiles, slide, long_side_px=500, opacity=1.0))
    assert (image[:350, :500] == heat_colours(0.5)).all()


def test_picture_is_bounded_and_wide_enough_for_its_words(slide):
    picture = attention_heatmap(grid_tiles(), slide, long_side_px=100)
    assert picture.mode == "RGB"
    assert picture.width >= 500
    assert 70 < picture.height < 200
    assert "not evidence" in NOT_EVIDENCE


@pytest.mark.parametrize(("mpp", "px"), [(None, 133), (2.0, 83)])  # 200 um, 500 um
def test_scale_bar_counts_pixels_of_the_picture(slide, mpp, px):
    picture = attention_heatmap(grid_tiles(), slide, long_side_px=334, mpp=mpp)
    assert abs(scale_bar_px(picture, 234) - px) <= 1


def test_missing_level_is_refused(slide):
    with pytest.raises(FeatureError, match="no tile of level 3"):
        attention_heatmap(grid_tiles(), slide, long_side_px=100, level=3)


def test_tiles_beyond_the_known_size_do_not_grow_the_picture():
    picture = attention_heatmap(grid_tiles((0, 2)), None, long_side_px=1000)
    assert picture.width == SIZE[0]
