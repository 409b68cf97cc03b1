"""A table of images and masks becomes parts by patient."""

import csv

import pytest

from monai_ext.data.image_table import read_image_table, split_image_table
from monai_ext.errors import CohortError
from monai_ext.testing.toy_masks import TOY_CLASSES, write_toy_masks


def write_table(path, rows, columns=("image", "mask", "patient")):
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerows([columns, *rows])
    return path


@pytest.fixture
def table(tmp_path):
    """Ten patients: seven with a mask, three images without, one of them of patient 0."""
    write_toy_masks(tmp_path)
    images = sorted((tmp_path / "images").glob("*.png"))[:10]
    rows = [
        [f"images/{p.name}", f"masks/{p.name}" if k < 7 else "", f"p{k if k < 9 else 0}"]
        for k, p in enumerate(images)
    ]
    return write_table(tmp_path / "table.csv", rows)


def test_rows_become_items(table):
    items = read_image_table(table)
    assert len(items) == 10
    assert ["label" in item for item in items] == [True] * 7 + [False] * 3
    assert items[0]["patient"] == "p0"
    assert items[0]["image"].startswith(str(table.parent))


def test_parts_share_no_patient_and_hold_all_masks(table):
    for seed in range(8):
        split, bare = split_image_table(read_image_table(table), TOY_CLASSES, seed=seed)
        parts = (split.training, split.validation, split.test)
        assert [len(p) for p in parts] == [5, 1, 1]
        patients = [{i["patient"] for i in p} for p in parts]
        assert patients[0].isdisjoint(patients[1] | patients[2])
        left_out = "p0" in patients[1] | patients[2]
        assert len(bare) == 3 - left_out
        assert all("label" not in i for i in bare)


def test_given_parts_win(table):
    rows = list(csv.reader(table.open()))[1:]
    parts = ["test", "test", "training", "validation", *["training"] * 6]
    rows[9][2] = "p9"
    with_parts = [[*row, part, "0.5"] for row, part in zip(rows, parts, strict=True)]
    write_table(table, with_parts, ("image", "mask", "patient", "part", "mpp"))
    split, bare = split_image_table(read_image_table(table), TOY_CLASSES)
    assert [i["patient"] for i in split.test] == ["p0", "p1"]
    assert [i["patient"] for i in split.validation] == ["p3"]
    assert len(bare) == 3
    assert split.training[0]["mpp"] == 0.5
    assert "part" not in split.training[0]
    assert all(set(i) == {"image", "slide", "patient", "mpp"} for i in bare)


def test_a_patient_in_two_parts_is_refused(table):
    items = read_image_table(table)
    for item in items:
        item["part"] = "training"
    items[0]["part"], items[1]["patient"] = "test", items[0]["patient"]
    with pytest.raises(CohortError, match="patient 'p0' is in test and training"):
        split_image_table(items, TOY_CLASSES)


def test_all_faults_come_at_once(table):
    rows = list(csv.reader(table.open()))[1:]
    rows[0][2], rows[1][1], rows[2][0] = "", "masks/none.png", rows[3][0]
    write_table(table, rows)
    with pytest.raises(
        CohortError, match=r"3 problems:(.|\n)*has no patient(.|\n)*none\.png(.|\n)*twice"
    ):
        read_image_table(table)


def test_shares_that_leave_nobody_to_train_on_are_refused(table):
    items = read_image_table(table)
    for given, why in (
        ({"test": 1.0}, "shares are"),
        ({"test": 0.9, "validation": 0.9}, "7 patients"),
    ):
        with pytest.raises(CohortError, match=why):
            split_image_table(items, TOY_CLASSES, **given)
    for item in items:
        item["part"] = "training" if "label" not in item else "tset"
    with pytest.raises(CohortError, match="tset"):
        split_image_table(items, TOY_CLASSES)
