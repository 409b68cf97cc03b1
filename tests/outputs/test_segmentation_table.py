"""Areas and counts by slide."""

import csv

import numpy as np

from monai_ext.outputs.segmentation_table import SegmentationTable
from tests.outputs.label_parts import label_map, pieces_of

NAMES = ["background", "gland", "stroma"]


def add(table, slide, labels, outlined=None, **changes):
    found = label_map(labels, slide=slide, **changes)
    pieces = pieces_of(found)
    chosen = np.arange(len(pieces)) if outlined is None else np.array(outlined)
    table.add(found, pieces, chosen, f"id of {slide}")


def rows(folder):
    with (folder / "segmentation.csv").open(newline="") as stream:
        return {row["slide"]: row for row in csv.DictReader(stream)}


def test_rows_have_areas_in_mm2_and_counts(tmp_path):
    labels = np.zeros((100, 100), np.uint8)
    labels[:50, :40] = 1
    labels[60:70, :10] = labels[80:90, :10] = 2
    add(SegmentationTable(tmp_path, NAMES), "a", labels, mpp=2.0)
    row = rows(tmp_path)["a"]
    assert [float(row[f"mm2_{name}"]) for name in NAMES] == [0.0312, 0.008, 0.0008]
    counts = [row["components_gland"], row["components_stroma"], row["components"]]
    assert counts == ["1", "2", "3"]
    table = SegmentationTable(tmp_path, NAMES)
    assert (table.components("a"), table.components("unknown")) == (3, 0)
    assert (row["status"], row["mpp"], row["seconds"], row["reader"]) == ("ok", "2", "1.2", "strip")
    assert row["provenance"] == "id of a"


def test_only_outlined_pieces_count_and_unseen_pixels_have_no_area(tmp_path):
    labels = np.eye(6, dtype=np.uint8)
    table = SegmentationTable(tmp_path, NAMES)
    add(table, "a", labels, outlined=[0, 3], seen=np.array([10, 6]))
    assert rows(tmp_path)["a"]["components"] == "2"
    assert float(rows(tmp_path)["a"]["mm2_background"]) == 1e-5
    add(table, "b", labels * 0, seen=np.zeros(0, np.int64))
    assert rows(tmp_path)["b"]["status"] == "empty"
    assert float(rows(tmp_path)["b"]["mm2_gland"]) == 0


def test_rows_stay_and_are_sorted_until_they_are_replaced_or_removed(tmp_path):
    labels = np.ones((2, 2), np.uint8)
    add(SegmentationTable(tmp_path, NAMES), "b", labels)
    table = SegmentationTable(tmp_path, NAMES)
    assert table.provenance("b") == "id of b"
    assert table.provenance("c") == ""
    add(table, "a", labels)
    assert list(rows(tmp_path)) == ["a", "b"]
    table.remove("b")
    assert list(rows(tmp_path)) == ["a"]
    assert SegmentationTable(tmp_path, NAMES).provenance("b") == ""
