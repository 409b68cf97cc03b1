"""Rectangles on a raster against a brute-force super-sampled raster."""

import numpy as np

from monai_ext.outputs.paint import paint_rectangles


def _brute(edges, values, size, fine=20):
    width, height = size
    total, cover = np.zeros((2, height * fine, width * fine))
    whole = np.rint(edges * fine).astype(int)
    for (left, top, right, bottom), value in zip(whole, values, strict=True):
        place = (slice(max(top, 0), max(bottom, 0)), slice(max(left, 0), max(right, 0)))
        total[place] += value
        cover[place] += 1
    total, cover = (a.reshape(height, fine, width, fine).mean((1, 3)) for a in (total, cover))
    return np.divide(total, cover, out=np.zeros_like(total), where=cover > 0), cover


def test_exact_areas_of_tiles_smaller_and_larger_than_a_pixel():
    draw = np.random.default_rng(0)
    corner, side = draw.integers(-40, 260, (60, 2)) / 20, draw.integers(1, 90, (60, 1)) / 20
    edges, values = np.concatenate([corner, corner + side], axis=1), draw.random(60)
    got, expected = paint_rectangles(edges, values, (11, 9)), _brute(edges, values, (11, 9))
    np.testing.assert_allclose(got[1], expected[1], atol=1e-9)
    np.testing.assert_allclose(got[0], expected[0], atol=1e-6)


def test_pixel_without_tile_has_no_cover():
    value, cover = paint_rectangles(np.array([[2.0, 1.0, 4.0, 3.0]]), np.array([0.7]), (6, 5))
    assert (np.argwhere(cover > 0) == [[1, 2], [1, 3], [2, 2], [2, 3]]).all()
    np.testing.assert_allclose(value[cover > 0], 0.7)
    assert (value[cover == 0] == 0).all()


def test_fifty_thousand_tiles_leave_no_rounding_behind():
    row, col = (axis.ravel() for axis in np.indices((224, 224)))
    corner = np.stack([col, row], axis=1) * 4.1
    edges = np.concatenate([corner, corner + 4.1], axis=1)
    value, cover = paint_rectangles(edges, np.full(len(row), 0.3), (1000, 1000))
    np.testing.assert_allclose(cover[:918, :918], 1, atol=1e-9)
    np.testing.assert_allclose(value[:918, :918], 0.3, atol=1e-9)
    assert (cover[919:] == 0).all()
