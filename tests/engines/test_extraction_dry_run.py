"""Tiles of all slides are counted, one batch is timed, and readers are closed again."""

import logging

import pytest
import torch

from monai_ext.engines.extraction_dry_run import estimate_extraction
from monai_ext.engines.extraction_grid import SlideToGrid
from tests.engines.tiny_extraction import add_slide, blank_image, settings_for


class Prepared:
    """What MONAI's data set does, keeping the readers."""

    def __init__(self, settings, paths):
        self.data = [{"image": str(path), "slide": path.stem, "mpp": None} for path in paths]
        self.prepare, self.items = SlideToGrid(settings), {}

    def __getitem__(self, position):
        item = self.prepare(self.data[position])
        item["reader"] = Closing(item["reader"])
        self.items[item["slide"]] = item
        return item


class Closing:
    """A reader that says whether it was closed."""

    def __init__(self, reader):
        self.reader, self.closed = reader, False

    def __getattr__(self, name):
        return getattr(self.reader, name)

    def close(self):
        self.closed = True
        self.reader.close()


class Book:
    """Takes faults."""

    def __init__(self):
        self.failed = {}

    def fail(self, slide, error):
        self.failed[slide] = str(error)


@pytest.fixture
def paths(tmp_path):
    """White first, so that there is nothing to time in it; then one without mpp."""
    folder = tmp_path / "slides"
    white = add_slide(folder, "a.tif", blank_image())
    return [white, add_slide(folder, "b.tif", mpp=None), *_slides(folder, "cd")]


def _slides(folder, names):
    return [add_slide(folder, f"{name}.tif") for name in names]


def estimated(tmp_path, paths, positions=None, **changes):
    settings = settings_for(tmp_path, **changes)
    dataset, book, batches = Prepared(settings, paths), Book(), []

    def encode(pixels):
        batches.append(tuple(pixels.shape))
        return torch.zeros(len(pixels), 5)

    positions = range(len(paths)) if positions is None else positions
    estimate = estimate_extraction(dataset, positions, settings, encode, book)
    return estimate, dataset, book, batches


def test_tiles_are_those_of_the_grids(tmp_path, paths):
    estimate, dataset, _, _ = estimated(tmp_path, paths)
    grids = {name: item["grid"] for name, item in dataset.items.items()}
    assert estimate.tiles == {
        name: [len(level) for level in grid.levels] for name, grid in grids.items()
    }
    assert list(estimate.tiles) == ["a", "c", "d"]
    assert estimate.empty == ["a"]


def test_one_batch_of_the_first_slide_with_tissue_is_encoded_twice(tmp_path, paths):
    estimate, _, _, batches = estimated(tmp_path, paths)
    assert batches == [(7, 32, 32, 3)] * 2
    assert estimate.embed_dim == 5
    assert estimate.seconds_a_tile > 0


def test_time_is_a_tile_not_a_batch(tmp_path, paths, monkeypatch):
    """The clock stands still but for one second of each of both readings."""
    ticks = iter([0.0, 1.0, 1.0, 2.0])
    monkeypatch.setattr(
        "monai_ext.engines.extraction_estimate.time.perf_counter", lambda: next(ticks)
    )
    assert estimated(tmp_path, paths)[0].seconds_a_tile == pytest.approx(2 / 7)


def test_a_slide_of_fewer_tiles_than_a_batch_is_timed_by_its_own(tmp_path, paths):
    estimate, _, _, batches = estimated(tmp_path, paths, batch_size=1000)
    assert [shape[0] for shape in batches] == [estimate.tiles["c"][0]] * 2


def test_earlier_stages_encode_nothing(tmp_path, paths):
    estimate, _, _, batches = estimated(tmp_path, paths, stage="tiles")
    assert (batches, estimate.embed_dim, estimate.seconds_a_tile) == ([], 0, None)
    assert list(estimate.tiles) == ["a", "c", "d"]


def test_bad_slides_go_to_the_book_and_readers_are_closed(tmp_path, paths):
    _, dataset, book, _ = estimated(tmp_path, paths)
    assert list(book.failed) == ["b"]
    assert "--mpp" in book.failed["b"]
    assert [item["reader"].closed for item in dataset.items.values()] == [True] * 3


def test_only_slides_that_are_left_count_and_the_sum_is_logged(tmp_path, paths, caplog):
    with caplog.at_level(logging.INFO, "monai_ext"):
        estimate, *_ = estimated(tmp_path, paths, positions=[3])
    assert list(estimate.tiles) == ["d"]
    assert caplog.messages == estimate.lines()
