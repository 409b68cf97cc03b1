import json

import numpy as np
import pytest

from monai_ext.engines.extraction_tissue import tissue_method, write_tissue
from monai_ext.errors import SettingError, SlideError
from monai_ext.wsi import TissueMask


def mask(columns):
    cells = np.zeros((8, 8), bool)
    cells[2:6, 2:columns] = True
    return TissueMask(cells, (4.0, 4.0), (32, 32))


def test_what_was_found_by_itself_is_replaced(tmp_path):
    first = write_tissue(tmp_path, "a", mask(6)).read_bytes()
    path = write_tissue(tmp_path, "a", mask(4))
    assert path == tmp_path / "tissue/a.geojson"
    assert path.read_bytes() != first


@pytest.mark.parametrize("how", ["moved", "exported anew", "no JSON"])
def test_what_was_edited_is_not(tmp_path, how):
    path = write_tissue(tmp_path, "a", mask(6))
    outlines = json.loads(path.read_text(encoding="utf-8"))
    if how == "moved":
        outlines["features"][0]["geometry"]["coordinates"][0][0][0] += 1
    else:
        del outlines["monai_ext_features_hash"]
    path.write_text("x" if how == "no JSON" else json.dumps(outlines), encoding="utf-8")
    with pytest.raises(SlideError, match=r"slide a: .*a.geojson was edited.*--tissue_dir"):
        write_tissue(tmp_path, "a", mask(6))


def test_the_method_names_defaults_and_given_values():
    assert "closing_um=8 " in tissue_method({"closing_um": 8})
    assert tissue_method({"closing_um": 24.0}) == tissue_method({})
    assert tissue_method({"closing_um": 8}) != tissue_method({})


def test_an_unknown_tissue_setting_is_refused():
    with pytest.raises(SettingError, match=r"closing_mm.*holds numbers under thumbnail_mpp"):
        tissue_method({"closing_mm": 8})
