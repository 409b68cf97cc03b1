import json

import numpy as np

from monai_ext.data.invented import INVENTED, is_invented
from monai_ext.data.pyramid_tiff import write_pyramid_tiff
from monai_ext.data.synthetic import SyntheticSpec, write_synthetic_cohort
from monai_ext.experiments.demo import SETTINGS

SLIDE = json.loads(SETTINGS.read_text())["slide"] | {"size_px": 1024, "lesions": [1, 1]}


def tupled(value):
    return tuple(value) if isinstance(value, list) else value


def test_painted_slides_carry_the_mark_and_others_do_not(tmp_path):
    spec = SyntheticSpec(**{key: tupled(value) for key, value in SLIDE.items()})
    (name,) = write_synthetic_cohort(spec, 1, 0, tmp_path)
    assert is_invented(tmp_path / "slides" / f"{name}.tif")
    pixels = np.zeros((64, 64, 3), np.uint8)
    for text in ("", INVENTED + " really"):
        path = tmp_path / "other.tif"
        write_pyramid_tiff(path, pixels, (64, 64), mpp=1.0, tile_px=64, description=text)
        assert not is_invented(path)


def test_what_is_no_slide_does_not(tmp_path):
    (tmp_path / "a.tif").write_text(INVENTED)
    assert not is_invented(tmp_path / "a.tif")
    assert not is_invented(tmp_path / "absent.tif")
