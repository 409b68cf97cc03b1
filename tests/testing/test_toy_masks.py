"""Toy masks cover what is dark in their images; parts and files fit."""

import numpy as np
from PIL import Image

from monai_ext.data.segmentation_datalist import load_segmentation_datalist
from monai_ext.testing.toy_masks import toy_image, write_toy_masks


def test_a_mask_is_where_the_image_is_dark(np_rng):
    image, mask = toy_image(np_rng, 60, 80)
    green = image[..., 1].astype(float)
    assert green[mask == 1].mean() < 90
    assert green[mask == 0].mean() > 160
    assert set(np.unique(mask)) == {0, 1}


def test_files_are_written_and_the_seed_decides(tmp_path):
    one, two, other = (write_toy_masks(tmp_path / str(k), seed=k // 2) for k in (0, 1, 2))
    found = load_segmentation_datalist(one)
    assert len(found.unlabelled) == 4
    assert (one.parent / "masks" / "unlabelled_0.png").is_file()
    first, same, differs = (
        np.asarray(Image.open(path.parent / "images" / "training_0.png"))
        for path in (one, two, other)
    )
    np.testing.assert_array_equal(first, same)
    assert (first != differs).any()
