from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from monai_ext.errors import SlideError
from monai_ext.wsi.info import SlideInfo, StoredLevel
from monai_ext.wsi.tissue_image import tissue_from_image

INFO = SlideInfo(
    Path("a.svs"), 6000, 4000, 0.5, (StoredLevel(6000, 4000, 1.0),), (9, 8, 7, 6), "0", "x"
)


def _save(path: Path, values: np.ndarray) -> Path:
    Image.fromarray(values).save(path)
    return path


@pytest.mark.parametrize("shape", [(40, 60), (400, 600), (33, 50)])
@pytest.mark.parametrize("high", [1, 255])
def test_mask_covers_the_slide_at_any_size(tmp_path, shape, high):
    values = np.zeros(shape, np.uint8)
    values[:, : shape[1] // 2] = high
    tissue = tissue_from_image(_save(tmp_path / "m.png", values), INFO)
    np.testing.assert_allclose(
        tissue.fraction(0, 0, 1000, 4, 6), [[1, 1, 1, 0, 0, 0]] * 4, atol=1e-9
    )
    assert tissue.origin == (9, 8)


def test_bilevel_and_empty_masks_are_read(tmp_path):
    assert tissue_from_image(_save(tmp_path / "m.png", np.ones((40, 60), bool)), INFO).mask.all()
    assert not tissue_from_image(
        _save(tmp_path / "m.png", np.zeros((40, 60), bool)), INFO
    ).mask.any()


def test_other_aspect_ratio_is_refused(tmp_path):
    with pytest.raises(SlideError, match=r"m\.png is 60 x 60 px, but the slide is 6000 x 4000"):
        tissue_from_image(_save(tmp_path / "m.png", np.zeros((60, 60), np.uint8)), INFO)


@pytest.mark.parametrize(
    ("values", "shown"), [((0, 7, 255), "3 values from 0 to 255"), ((3, 9), "2 values from 3")]
)
def test_mask_of_other_values_is_refused(tmp_path, values, shown):
    picture = np.resize(np.array(values, np.uint8), (40, 60))
    with pytest.raises(SlideError, match=rf"m\.png has {shown}"):
        tissue_from_image(_save(tmp_path / "m.png", picture), INFO)


def test_file_that_is_no_picture_is_refused(tmp_path):
    (tmp_path / "m.png").write_bytes(b"hello")
    with pytest.raises(SlideError, match=r"m\.png cannot be read"):
        tissue_from_image(tmp_path / "m.png", INFO)
