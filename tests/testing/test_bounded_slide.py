import numpy as np
import openslide
import pytest
from skimage.data import immunohistochemistry

from monai_ext.testing.bounded_slide import write_bounded_slide


@pytest.mark.parametrize("corner", [(300, 200), (0, 0)])
def test_scan_lies_at_its_corner_of_the_canvas(tmp_path, corner):
    image = immunohistochemistry()[:400, :500]
    path = write_bounded_slide(tmp_path / "a.scn", image, canvas=(1200, 1000), corner=corner)
    with openslide.OpenSlide(path) as slide:
        assert slide.dimensions == (1200, 1000)
        bounds = [
            int(slide.properties[f"openslide.bounds-{name}"])
            for name in ("x", "y", "width", "height")
        ]
        assert bounds == [*corner, 500, 400]
        assert float(slide.properties["openslide.mpp-x"]) == pytest.approx(0.5)
        region = np.asarray(slide.read_region(corner, 0, (510, 410)))
    assert np.abs(region[:400, :500, :3].astype(int) - image).mean() < 6
    assert not region[400:, :, 3].any()
