"""Squares come back in their order."""

from monai_ext.engines.segment_region import Box
from monai_ext.label.square_list import read_squares, write_squares


def test_squares_come_back_in_their_order(tmp_path):
    squares = [("b, c", Box(3, 4, 5, 6)), ("a", Box(0, 10, 20, 30)), ("b, c", Box(1, 1, 1, 1))]
    write_squares(tmp_path / "squares.csv", squares)
    assert read_squares(tmp_path / "squares.csv") == squares
