"""Slides and images of a folder become items; nothing else does."""

import pytest

from monai_ext.engines.segment_input import SegmentationInput
from tests.engines.segment_parts import settings_for


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def source(tmp_path, dataset=None, **changes):
    settings = settings_for(**changes.pop("settings", {}))
    return SegmentationInput(dataset or tmp_path / "in", tmp_path / "in/out", settings, **changes)


def test_slides_and_images_are_items_and_results_are_not(tmp_path):
    touch(tmp_path / "in", "b.svs", "x/a.PNG", "c.jpg", "d.tif", "e.bmp", ".f.png", "g.csv")
    touch(tmp_path / "in/out", "overlays/b_overlay.png", "labels/b.tif")
    touch(tmp_path / "in/vms", "h.vms", "h-1.jpg")
    items = source(tmp_path).items()
    assert [item["slide"] for item in items] == ["b", "c", "d", "e", "h", "a"]
    assert [item["mpp"] for item in items] == [None] * 6
    assert items[-1]["image"] == str(tmp_path / "in/x/a.PNG")


def test_one_file_is_one_item(tmp_path):
    touch(tmp_path / "in", "a.png", "b.svs", "sub/c.png")
    for name in ("a.png", "b.svs"):
        (item,) = source(tmp_path, tmp_path / "in" / name).items()
        assert item["image"] == str(tmp_path / "in" / name)


def test_dicom_files_of_one_folder_are_one_item(tmp_path):
    touch(tmp_path / "in", "case/1.dcm", "case/2.dcm", "case/a.png")
    items = source(tmp_path).items()
    assert [item["slide"] for item in items] == ["case", "a"]
    (item,) = source(tmp_path, tmp_path / "in/case/1.dcm").items()
    assert (item["slide"], item["image"]) == ("case", str(tmp_path / "in/case/1.dcm"))


def test_mpp_comes_from_the_table_then_from_the_command(tmp_path):
    touch(tmp_path / "in", "a.png", "b.svs", "c.bmp", "d.jpg")
    table = tmp_path / "mpp.csv"
    table.write_text("slide,mpp\na.png,0.25\nb,0.3\nc.bmp,0.4\n")
    items = source(tmp_path, mpp=1, cohort=table).items()
    assert {item["slide"]: item["mpp"] for item in items} == {"a": 0.25, "b": 0.3, "c": 0.4, "d": 1}


def test_names_that_occur_twice_are_failures(tmp_path):
    touch(tmp_path / "in", "a.png", "x/a.svs", "b.png")
    made = source(tmp_path)
    failed = made.failed
    assert [item["slide"] for item in made.items()] == ["b"]
    assert list(failed) == ["a"]  # the very dict: a config hands it on before
    assert "a.png" in failed["a"]
    assert "x/a.svs" in failed["a"]


def test_names_that_all_occur_twice_end_the_run(tmp_path):
    touch(tmp_path / "in", "a.png", "a.jpg")  # an image with its mask beside it
    line = r"^SettingError: slide name a in 2 places: .*a\.jpg; .*a\.png\. Rule: results are named"
    with pytest.raises(SystemExit, match=line):
        source(tmp_path).items()


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"mpp": 0.01}, r"^SettingError: mpp=0\.01\. Rule: 0\.05 to 20 um"),
        ({"mpp": "half"}, r"^SettingError: mpp='half'"),
        ({"dataset": "/nowhere"}, r"^SettingError: dataset_dir=/nowhere does not exist"),
        ({"settings": {"roi_px": 0}}, r"^SettingError: roi_px=0"),
    ],
)
def test_what_a_user_can_mend_is_one_line(change, line, tmp_path):
    touch(tmp_path / "in", "a.png")
    with pytest.raises(SystemExit, match=line):
        source(tmp_path, **change).items()
