import pytest

from monai_ext.data.csv_table import read_table
from monai_ext.errors import CohortError

GOOD = "slide,label\n a ,x\n\n,\nb\n"


def _read(tmp_path, raw: bytes):
    (tmp_path / "t.csv").write_bytes(raw)
    return read_table(tmp_path / "t.csv", ["slide", "label"])


@pytest.mark.parametrize(
    "raw", [GOOD.encode(), b"\xef\xbb\xbf" + GOOD.encode(), GOOD.replace("\n", "\r\n").encode()]
)
def test_rows_are_stripped_and_empty_ones_left_out(tmp_path, raw):
    assert _read(tmp_path, raw) == [{"slide": "a", "label": "x"}, {"slide": "b", "label": ""}]


@pytest.mark.parametrize("cell", ["a,b", "a\nb", "a\u2028b"])
def test_quoted_cells_stay(tmp_path, cell):
    assert _read(tmp_path, f'slide,label\n"{cell}",x'.encode())[0]["slide"] == cell


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_other_separators_are_named(tmp_path, mark):
    with pytest.raises(CohortError, match=r"not separated by commas.*CSV UTF-8"):
        _read(tmp_path, GOOD.replace(",", mark).encode())


@pytest.mark.parametrize("raw", [GOOD.encode("utf-16"), "slide,label\nä,x".encode("latin-1")])
def test_other_encodings_are_named(tmp_path, raw):
    with pytest.raises(CohortError, match="is not UTF-8"):
        _read(tmp_path, raw)


def test_missing_columns_are_named(tmp_path):
    with pytest.raises(CohortError, match=r"no column 'label'; its columns are \['slide', 'lab'\]"):
        _read(tmp_path, b"slide,lab\na,x")


def test_a_column_twice_is_refused(tmp_path):
    with pytest.raises(CohortError, match="two columns named 'slide'"):
        _read(tmp_path, b"slide,label,slide\na,x,b")


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(CohortError, match=r"t.csv does not exist"):
        read_table(tmp_path / "t.csv", [])


def test_an_empty_file_has_no_columns(tmp_path):
    with pytest.raises(CohortError, match="no column 'slide', 'label'"):
        _read(tmp_path, b"")
