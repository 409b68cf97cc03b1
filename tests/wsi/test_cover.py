import pytest

from monai_ext.wsi.cover import Cover, cover


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        (2.0, 5.0, Cover(2, 3, 0.0, 3.0)),
        (2.25, 5.5, Cover(2, 4, 0.25, 3.5)),
        (-1.5, 0.5, Cover(-2, 3, 0.5, 2.5)),
        (2.2, 2.4, Cover(2, 1, pytest.approx(0.2), pytest.approx(0.4))),
    ],
)
def test_cover_is_the_fewest_pixels(start, stop, expected):
    assert cover(start, stop) == expected


def test_rounding_noise_adds_no_pixel():
    part = cover(3 - 1e-9, 6 + 1e-9)
    assert (part.first, part.count, part.is_whole) == (3, 3, True)


def test_fraction_is_not_whole():
    assert not cover(2.25, 5).is_whole
    assert not cover(2, 4.75).is_whole
