from pathlib import Path

import pytest

from monai_ext.engines.extraction_slides import find_duplicates, find_slides, read_mpps
from monai_ext.errors import CohortError


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x" * len(name))


def names_in(folder, **kwargs):
    return [slide["slide"] for slide in find_slides(folder, **kwargs)]


def test_known_suffixes_in_nested_folders_are_found_in_order_of_path(tmp_path):
    touch(tmp_path, "b/c d/ü #1.SVS", "a.ome.tif", "b/x.ndpi", "notes.txt", "b/.hidden.svs")
    assert names_in(tmp_path) == ["a", "ü #1", "x"]
    assert find_slides(tmp_path)[1]["image"] == str(tmp_path / "b/c d/ü #1.SVS")


def test_dicom_files_of_one_folder_are_one_slide(tmp_path):
    touch(tmp_path, "case/1.dcm", "case/22.dcm", "case/a.svs", "alone/z.dcm")
    found = find_slides(tmp_path)
    assert [(slide["slide"], Path(slide["image"]).name) for slide in found] == [
        ("z", "z.dcm"),
        ("case", "case"),
        ("a", "a.svs"),
    ]


def test_any_file_of_a_dicom_slide_stands_for_it(tmp_path):
    touch(tmp_path, "case/1.dcm", "case/22.dcm", "case/a.svs", "case/deeper/3.dcm")
    for name in ("1.dcm", "22.dcm"):
        path = tmp_path / "case" / name
        assert find_slides(path) == [{"image": str(path), "slide": "case", "mpp": None}]
    assert names_in(tmp_path / "case/a.svs") == ["a"]


def test_result_folders_are_passed_over_but_not_the_slides_own(tmp_path):
    touch(tmp_path, "a.svs", "out/b.tif")
    assert names_in(tmp_path, without=[tmp_path / "out", None]) == ["a"]
    assert names_in(tmp_path, without=[tmp_path]) == ["a", "b"]


def test_one_slide_is_that_slide_only(tmp_path):
    touch(tmp_path, "a.svs", "b.svs", "deeper/a.svs")
    found = find_slides(tmp_path / "b.svs", mpp=0.5)
    assert found == [{"image": str(tmp_path / "b.svs"), "slide": "b", "mpp": 0.5}]


def test_linked_folders_are_followed_once(tmp_path):
    touch(tmp_path, "slides/a.svs", "elsewhere/b.svs")
    (tmp_path / "slides/link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "slides/loop").symlink_to(tmp_path / "slides")
    assert names_in(tmp_path / "slides") == ["a", "b"]


def test_one_name_in_two_folders_is_a_duplicate(tmp_path):
    touch(tmp_path, "1/a.svs", "2/a.tif", "b.svs")
    paths = [str(tmp_path / "1/a.svs"), str(tmp_path / "2/a.tif")]
    assert find_duplicates(find_slides(tmp_path)) == {"a": paths}


def test_mpp_of_the_table_goes_before_the_common_one(tmp_path):
    touch(tmp_path, "a.svs", "b.svs", "c.svs")
    (tmp_path / "c.csv").write_text("slide,mpp\na.svs,0.25\nc,\n", encoding="utf-8")
    slides = find_slides(tmp_path, mpp=1, cohort=tmp_path / "c.csv")
    assert [slide["mpp"] for slide in slides] == [0.25, 1.0, 1.0]


def test_table_without_the_column_is_refused(tmp_path):
    (tmp_path / "c.csv").write_text("slide,label\na,1\n", encoding="utf-8")
    with pytest.raises(CohortError, match="has columns slide, label"):
        read_mpps(tmp_path / "c.csv")


def test_table_with_a_word_for_mpp_is_refused(tmp_path):
    (tmp_path / "c.csv").write_text("slide,mpp\na,20x\n", encoding="utf-8")
    with pytest.raises(CohortError, match="slide a: mpp='20x'"):
        read_mpps(tmp_path / "c.csv")


def test_missing_table_is_refused(tmp_path):
    with pytest.raises(CohortError, match="No such file"):
        read_mpps(tmp_path / "none.csv")
