import csv

from monai_ext.engines.extraction_records import ExtractionRecords

COLUMNS = ["slide", "status", "tiles_20x"]


def table(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_rows_are_on_disk_after_every_slide(tmp_path):
    records = ExtractionRecords(tmp_path, COLUMNS)
    records.done("b", {"status": "ok", "tiles_20x": 3, "unknown": 1})
    records.fail("a", "two\nlines")
    assert table(tmp_path / "summary.csv") == [{"slide": "b", "status": "ok", "tiles_20x": "3"}]
    assert table(tmp_path / "failed.csv") == [{"slide": "a", "reason": "two lines"}]


def test_a_skipped_slide_keeps_its_numbers(tmp_path):
    ExtractionRecords(tmp_path, COLUMNS).done("b", {"status": "ok", "tiles_20x": 3})
    records = ExtractionRecords(tmp_path, COLUMNS)
    records.skipped(["b", "c"])
    assert table(tmp_path / "summary.csv") == [
        {"slide": "b", "status": "skipped", "tiles_20x": "3"},
        {"slide": "c", "status": "skipped", "tiles_20x": ""},
    ]


def test_without_failures_an_earlier_list_goes(tmp_path):
    ExtractionRecords(tmp_path, COLUMNS).fail("a", "x")
    ExtractionRecords(tmp_path, COLUMNS).close()
    assert not (tmp_path / "failed.csv").exists()


def test_with_failures_the_list_stays(tmp_path):
    records = ExtractionRecords(tmp_path, COLUMNS)
    records.fail("a", "x")
    records.close()
    assert (tmp_path / "failed.csv").exists()
