import csv

from monai_ext.engines.extraction_book import ExtractionBook
from monai_ext.engines.extraction_store import SaveFeatures
from monai_ext.networks.encoders import TinyEncoder
from tests.engines.tiny_extraction import settings_for


def book_of(tmp_path, **changes):
    settings = settings_for(tmp_path, **changes)
    return ExtractionBook(settings, SaveFeatures(settings, TinyEncoder()))


def test_the_first_reason_of_a_slide_stays(tmp_path):
    book = book_of(tmp_path)
    book.fail("a", ValueError("first"))
    book.fail("a", ValueError("what was read ahead"))
    assert book.close().failed == {"a": "ValueError: first"}
    with (tmp_path / "out/failed.csv").open(encoding="utf-8") as stream:
        assert [row["reason"] for row in csv.DictReader(stream)] == ["ValueError: first"]


def test_every_place_of_a_duplicate_is_named(tmp_path):
    book = book_of(tmp_path)
    book.fail_duplicates({"a": ["1/a.svs", "2/a.tif"]})
    assert "slide name a in 2 places: 1/a.svs; 2/a.tif" in book.outcome.failed["a"]


def test_a_dry_book_writes_nothing(tmp_path):
    book = book_of(tmp_path, dry_run=True)
    book.skip(["b"])
    book.fail("a", ValueError("x"))
    assert set(book.close().failed) == {"a"}
    assert not (tmp_path / "out").exists()
