import pytest
from PIL import Image

from monai_ext.errors import SlideError
from monai_ext.label.served_slide import known_mpp
from tests.label.label_parts import stained, write_slide


def test_the_file_goes_before_the_operator(tmp_path):
    path = write_slide(tmp_path / "a.tif", mpp=0.25)
    assert known_mpp(path, 0.5) == (None, "file")
    assert known_mpp(path, None) == (None, "file")


def test_an_upload_without_resolution_gets_the_operators(tmp_path):
    Image.fromarray(stained(40, 40)).save(tmp_path / "patch.png")
    assert known_mpp(tmp_path / "patch.png", 0.5) == (0.5, "operator's default")


def test_without_either_the_repair_is_the_operators(tmp_path):
    Image.fromarray(stained(40, 40)).save(tmp_path / "patch.png")
    with pytest.raises(SlideError, match=r"slide patch\.png has no um a pixel.*--conf mpp"):
        known_mpp(tmp_path / "patch.png", None)
