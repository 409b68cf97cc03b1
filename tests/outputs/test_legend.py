"""The scale bar has the length that its words say; words are drawn."""

import numpy as np
import pytest
from PIL import Image

from monai_ext.outputs.legend import Legend, length_words, round_length_um, with_legend
from tests.outputs.conftest import scale_bar_px


@pytest.mark.parametrize(("um_a_pixel", "um"), [(0.5, 50), (4.0, 500), (13.0, 2000)])
def test_scale_bar_has_its_length(um_a_pixel, um):
    page = with_legend(Image.new("RGB", (900, 300), "white"), Legend("level 0", um_a_pixel))
    assert abs(scale_bar_px(page, 300) - um / um_a_pixel) <= 1


def test_unknown_scale_draws_no_bar():
    page = with_legend(Image.new("RGB", (900, 300), "white"), Legend("level 0", None))
    assert scale_bar_px(page, 300) < 40


def test_provenance_is_written():
    blank = Image.new("RGB", (900, 300), "white")
    one, other = (with_legend(blank, Legend("level 0", 1.0, text)) for text in ("00ff", "11aa"))
    changed = np.argwhere((np.asarray(one) != np.asarray(other)).any(axis=2))
    assert len(changed) > 20
    assert changed[:, 0].min() > 300


def test_picture_itself_is_untouched():
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 700, 3), np.uint8))
    page = with_legend(picture, Legend("level 0", 1.0))
    np.testing.assert_array_equal(np.asarray(page)[:40, :700], np.asarray(picture))


def test_lengths_are_round_and_named():
    for at_most in (0.7, 3.0, 99.0, 100.0, 4999.0):
        length = round_length_um(at_most)
        assert at_most / 2.5 <= length <= at_most
        assert f"{length:.0e}"[0] in "125"
    assert [length_words(um) for um in (20.0, 999.0, 1000.0)] == ["20 um", "999 um", "1 mm"]
