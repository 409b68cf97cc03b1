"""Tiles of a bag: places from the files, on and off a grid, in pixels and in um."""

import numpy as np
import pytest
import torch

from monai_ext.data import SlideFeatures, load_bag, write_features
from monai_ext.errors import FeatureError
from monai_ext.ops.bag_layout import pack_bag, pad_bags
from monai_ext.outputs.bag_tiles import bag_tiles, has_places
from monai_ext.testing.toy_cohort import write_toy_features


def _toy(tmp_path):
    write_toy_features(tmp_path, "s", signal=1.0, seed=0, side=4)
    files = sorted(tmp_path.rglob("*.h5"), key=lambda path: -float(path.parts[-3].split("x")[0]))
    return load_bag(files)


def test_tiles_of_a_bag_cover_what_their_files_say(tmp_path):
    bag, meta = _toy(tmp_path)
    tiles = bag_tiles(bag, torch.arange(bag.shape[1]), meta)
    assert tiles.levels == (0, 1, 2)
    assert tiles.magnifications == {0: 20.0, 1: 10.0, 2: 5.0}
    assert tiles.slide_size == (1024, 1024)
    assert tiles.of_level(2).edges().tolist() == [[0, 0, 1024, 1024]]
    assert tiles.of_level(1).edges()[1].tolist() == [512, 0, 1024, 512]
    np.testing.assert_array_equal(tiles.attention, np.arange(bag.shape[1]))


def test_padding_changes_nothing(tmp_path):
    bag, meta = _toy(tmp_path)
    longer = pad_bags([bag, torch.zeros(bag.shape[0], 40)])[0]
    attention = torch.arange(40.0)
    coords = torch.cat([meta["coords"], torch.full((40 - bag.shape[1], 2), -1)])
    padded = bag_tiles(longer, attention, {**meta, "coords": coords})
    plain = bag_tiles(bag, attention[: bag.shape[1]], meta)
    np.testing.assert_array_equal(padded.edges(), plain.edges())
    np.testing.assert_array_equal(padded.attention, plain.attention)


def test_coarse_level_alone_keeps_its_place_on_the_grid():
    bag = pack_bag(torch.ones(1, 2), *torch.tensor([[1], [2], [3]]))
    tiles = bag_tiles(bag, torch.ones(1), {"step_px": 100.0, "levels": [1]})
    assert tiles.edges().tolist() == [[600, 400, 800, 600]]


def _free(tmp_path, **kwargs):
    """Features of one level, tiles anywhere."""
    item = SlideFeatures(
        slide="s",
        features=np.ones((2, 3), np.float32),
        coords=np.array([[13, 7], [301, 150]]),
        **{"step_px": 100.0, "encoder_id": "toy", "mpp": 0.5, **kwargs},
    )
    return load_bag(write_features(tmp_path / "s.h5", item), is_spatial=False)


def test_tiles_off_any_grid_have_their_files_corner_and_side(tmp_path):
    bag, meta = _free(tmp_path)
    assert meta["step_px"] is None
    tiles = bag_tiles(bag, torch.ones(2), meta)
    assert tiles.edges().tolist() == [[13, 7, 113, 107], [301, 150, 401, 250]]
    assert not tiles.is_on_grid


def test_um_become_pixels_of_the_slide(tmp_path):
    bag, meta = _free(tmp_path)
    meta = {**meta, "coords_unit": "um", "slide_mpp": None}
    edges = bag_tiles(bag, torch.ones(2), meta, mpp=0.5).edges()
    assert edges.tolist() == [[26, 14, 226, 214], [602, 300, 802, 500]]
    with pytest.raises(FeatureError, match=r"coordinates of slide s are in um.*--mpp"):
        bag_tiles(bag, torch.ones(2), meta)


@pytest.mark.parametrize("change", [{"coords": None}, {"steps_px": [None]}])
def test_tiles_without_a_place_are_refused(tmp_path, change):
    bag, meta = _free(tmp_path)
    assert has_places(meta)
    assert not has_places(meta | change)
    with pytest.raises(FeatureError, match="slide s do not say where tiles lie"):
        bag_tiles(bag, torch.ones(2), meta | change)
