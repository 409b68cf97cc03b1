"""failed.csv comes, is read back, and goes."""

from monai_ext.data.failures import read_failures, write_failures


def test_reasons_are_read_back_sorted_on_one_line_each(tmp_path):
    path = tmp_path / "failed.csv"
    write_failures(path, {"b": 'tile, "x"\nis broken', "a": "no mpp"})
    assert [line.split(",")[0] for line in path.read_text().splitlines()] == ["slide", "a", "b"]
    assert read_failures(path) == {"a": "no mpp", "b": 'tile, "x" is broken'}


def test_no_failure_leaves_no_file(tmp_path):
    path = tmp_path / "failed.csv"
    write_failures(path, {"a": "no mpp"})
    write_failures(path, {})
    assert not path.exists()
    assert read_failures(path) == {}
