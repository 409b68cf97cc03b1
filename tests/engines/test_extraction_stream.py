import numpy as np
import pytest

from monai_ext import wsi
from monai_ext.engines.extraction_grid import SlideToGrid
from monai_ext.engines.extraction_stream import (
    Failed,
    LevelEnd,
    Opened,
    SlideEnd,
    Tiles,
    reason_of,
    slide_events,
)
from monai_ext.errors import SlideError
from monai_ext.testing.slide_damage import destroy_tile
from tests.engines.tiny_extraction import add_slide, settings_for


class Prepared:
    """What MONAI's data set does, keeping the items."""

    def __init__(self, settings, paths):
        self.data = [{"image": str(path), "slide": path.stem, "mpp": None} for path in paths]
        self.prepare, self.items = SlideToGrid(settings), []

    def __getitem__(self, position):
        self.items.append(self.prepare(self.data[position]))
        return self.items[-1]


class Closing:
    """A reader that says whether it was closed."""

    def __init__(self, reader):
        self.reader, self.closed = reader, False

    def __getattr__(self, name):
        return getattr(self.reader, name)

    def close(self):
        self.closed = True
        self.reader.close()


@pytest.fixture
def opened(monkeypatch):
    readers, open_slide = [], wsi.open_slide

    def remember(*args):
        readers.append(Closing(open_slide(*args)))
        return readers[-1]

    monkeypatch.setattr(wsi, "open_slide", remember)
    return readers


def kinds(events):
    return [type(event).__name__ for event in events]


def test_a_slide_is_opened_read_level_by_level_and_ended(tmp_path):
    settings = settings_for(tmp_path)
    dataset = Prepared(settings, [add_slide(tmp_path, "a.tif")])
    events = list(slide_events(dataset, [0], settings, lambda item: [0, 2]))
    assert isinstance(events[0], Opened)
    assert isinstance(events[-1], SlideEnd)
    assert [event.level for event in events if isinstance(event, LevelEnd)] == [0, 2]
    for level in (0, 2):
        index = [e.index for e in events if isinstance(e, Tiles) and e.level == level]
        expected = np.arange(len(dataset.items[0]["grid"].levels[level]))
        np.testing.assert_array_equal(np.concatenate(index), expected)


def test_a_slide_that_fails_half_way_is_followed_by_the_next(tmp_path):
    settings = settings_for(tmp_path)
    paths = [add_slide(tmp_path, "a.tif"), add_slide(tmp_path, "b.tif")]
    destroy_tile(paths[0], 5)
    events = list(slide_events(Prepared(settings, paths), [0, 1], settings, lambda item: [0]))
    failed = next(event for event in events if isinstance(event, Failed))
    assert failed.slide == "a"
    assert isinstance(failed.error, SlideError)
    assert kinds(events)[kinds(events).index("Failed") + 1] == "Opened"
    assert kinds(events)[-1] == "SlideEnd"


@pytest.mark.parametrize("destroyed", [False, True])
def test_readers_are_closed_whatever_happens(tmp_path, opened, destroyed):
    settings = settings_for(tmp_path)
    path = add_slide(tmp_path, "a.tif")
    if destroyed:
        destroy_tile(path, 5)
    list(slide_events(Prepared(settings, [path]), [0], settings, lambda item: []))
    assert [reader.closed for reader in opened] == [True]


def test_a_reader_is_closed_when_the_preparation_fails(tmp_path, opened):
    settings = settings_for(tmp_path)
    dataset = Prepared(settings, [add_slide(tmp_path, "a.tif", mpp=None)])
    assert kinds(slide_events(dataset, [0], settings, lambda item: [])) == ["Failed"]
    assert [reader.closed for reader in opened] == [True]


def test_the_reason_is_our_own_error_under_monais_wrapping():
    own = SlideError("found", "rule", "repair")
    outer = RuntimeError("applying transform")
    outer.__cause__ = own
    own.__cause__ = OSError("deep")
    assert reason_of(outer) == str(own)
    own.__cause__ = None
    outer.__cause__ = OSError("deep")
    assert reason_of(outer) == "OSError: deep"
