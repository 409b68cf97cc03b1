"""Each reader reads a slide, or its line says why it cannot."""

import numpy as np
import pytest

from monai_ext.doctor import readers
from monai_ext.doctor.readers import in_child, reader_lines
from monai_ext.errors import SlideError
from monai_ext.testing.tiny_slides import write_tiny_slide


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """No process for cuCIM where the lines are made: that takes ten seconds each time."""
    monkeypatch.setattr(readers, "in_child", lambda path: f"given {path.name}")


def test_every_reader_has_its_line():
    assert reader_lines() == ["  strip: works", "  openslide: works", "  cucim: given doctor.tif"]


@pytest.mark.parametrize(
    "error", [SlideError("cut", "whole", "copy"), ImportError("no lib"), OSError("no file")]
)
def test_reader_that_fails_says_why_and_the_others_go_on(monkeypatch, error):
    open_slide = readers.open_slide

    def fail(path, reader):
        if reader == "strip":
            raise error
        return open_slide(path, reader=reader)

    monkeypatch.setattr(readers, "open_slide", fail)
    assert reader_lines()[:2] == [f"  strip: does not work ({error})", "  openslide: works"]


def test_pixels_are_read_not_the_header_only(monkeypatch):
    def fail(*args):
        raise SlideError("tile 0 is cut", "whole", "copy")

    monkeypatch.setattr(readers, "read_area", fail)
    assert [line.split("(")[1][:9] for line in reader_lines()[:2]] == ["tile 0 is"] * 2


def test_child_gets_the_slide_and_works_where_it_prints_a_mean(tmp_path):
    path = write_tiny_slide(tmp_path / "a.tif", np.zeros((64, 64, 3), np.uint8), factors=(1,))
    script = "import sys, os; print('MEAN', os.path.getsize(sys.argv[1]))"
    assert in_child(path, script=script) == "works"


def test_child_that_prints_nothing_does_not_work(tmp_path):
    assert in_child(tmp_path, script="pass") == (
        "does not work (no message); it is optional: extras cucim-cu12, cucim-cu13"
    )


def test_child_that_fails_after_a_mean_does_not_work(tmp_path):
    assert "does not work" in in_child(tmp_path, script="print('MEAN'); raise SystemExit(1)")


def test_child_that_fails_says_why_in_a_short_line(tmp_path):
    script = (
        "import sys; print('warning', file=sys.stderr); raise SystemExit('no libcuda' + 900 * '!')"
    )
    words = in_child(tmp_path, script=script)
    assert words.startswith("does not work (no libcuda!!")
    assert words.count("!") == 190


def test_child_that_hangs_is_given_up(tmp_path):
    words = in_child(tmp_path, seconds=0.5, script="import time; time.sleep(60)")
    assert words == "does not come back within 0.5 s (an import that hangs): not used"
