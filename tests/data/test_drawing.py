import pytest

from monai_ext.data import drawing as module
from monai_ext.data.drawing import DrawnPolygon, read_drawing
from monai_ext.errors import AnnotationError
from tests.outputs.annotation_parts import square


@pytest.mark.parametrize("name", ["a.nii.gz", "a.png", "a"])
def test_other_files_are_refused_by_name(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(AnnotationError, match="ASAP XML"):
        read_drawing(tmp_path / name)


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 3 * 2**20)
    (tmp_path / "a.xml").write_bytes(b" " * 4 * 2**20)
    with pytest.raises(AnnotationError, match=r"a\.xml have 4 MiB. Rule: at most 3"):
        read_drawing(tmp_path / "a.xml")


def test_area_is_that_of_the_largest_ring():
    assert DrawnPolygon("a", (square(0, 0, 3), square(1, 1, 10))).area == 100
