"""Demonstration weights refuse what may be real; other weights see everything."""

import json

import numpy as np
import pytest

from monai_ext.data.invented import INVENTED
from monai_ext.data.pyramid_tiff import write_pyramid_tiff
from monai_ext.errors import SettingError
from monai_ext.experiments.demo_weights import require_invented


def metadata(folder, version):
    path = folder / "metadata.json"
    path.write_text(json.dumps({"version": version}))
    return path


@pytest.fixture
def demo(tmp_path):
    return metadata(tmp_path, "0.1.0-demo")


@pytest.fixture
def slides(tmp_path):
    """A folder with an invented slide."""
    write_slide(tmp_path / "slides", "a.tif", INVENTED)
    return tmp_path / "slides"


def write_slide(folder, name, description):
    folder.mkdir(exist_ok=True)
    pixels = np.full((64, 64, 3), 200, np.uint8)
    given = {"mpp": 0.5, "tile_px": 64, "description": description}
    return write_pyramid_tiff(folder / name, pixels, (64, 64), **given)


def test_invented_slides_pass_and_a_real_one_among_them_is_named(demo, slides):
    require_invented(demo, slides, None)
    require_invented(demo, slides / "a.tif", None)
    write_slide(slides, "b.tif", "")
    with pytest.raises(SettingError, match=r"b\.tif may be real.*--allow_demo True"):
        require_invented(demo, slides, None)
    with pytest.raises(SettingError, match=r"b\.tif may be real"):
        require_invented(demo, slides / "b.tif", None)


def test_features_and_images_count_as_real(demo, slides, tmp_path):
    with pytest.raises(SettingError, match="features may be real"):
        require_invented(demo, slides, tmp_path / "features")
    (tmp_path / "images").mkdir()
    with pytest.raises(SettingError, match="images may be real"):
        require_invented(demo, tmp_path / "images", None)


def test_other_weights_see_any_slide(slides, tmp_path):
    write_slide(slides, "b.tif", "")
    require_invented(metadata(tmp_path, "0.1.0"), slides, None)
    require_invented(tmp_path / "absent.json", slides, tmp_path)
    with pytest.raises(SettingError):
        require_invented(metadata(tmp_path, "0.1.0-demo"), slides, None)
