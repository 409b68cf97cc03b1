"""PNG holds the provenance and nothing else."""

import numpy as np
from PIL import Image

from monai_ext.outputs.png import write_png


def test_png_has_the_pixels_and_only_the_provenance(tmp_path):
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (9, 7, 3), np.uint8))
    write_png(tmp_path / "a.png", picture, provenance="00ff")
    with Image.open(tmp_path / "a.png") as again:
        np.testing.assert_array_equal(np.asarray(again), np.asarray(picture))
        assert again.info == {"provenance": "00ff"}
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
