"""Coordinate files of every level, with the attributes that TRIDENT reads."""

import h5py
import numpy as np
import pytest

from monai_ext.data.attributes import plain_attributes
from monai_ext.engines.extraction_coords import write_tile_coords
from monai_ext.wsi import GridSpec, SlideInfo, StoredLevel, TissueMask, build_grid

SIZE = 512, 384


def grid_of(mask, slide_mpp=0.25):
    height, width = mask.shape
    tissue = TissueMask(mask, (SIZE[0] / width, SIZE[1] / height), SIZE)
    return build_grid(GridSpec(32, (0.5, 1.0), 0.02, 0.35, 1.3), slide_mpp, SIZE, tissue)


@pytest.fixture
def info(tmp_path):
    level = StoredLevel(*SIZE, 1.0)
    return SlideInfo(tmp_path / "a.tif", *SIZE, 0.25, (level,), None, "hash", "generic")


def read(path):
    with h5py.File(path) as file:
        return file["coords"][:], plain_attributes(file["coords"].attrs)


def test_files_lie_finest_first_where_trident_looks(tmp_path, info):
    paths = write_tile_coords(tmp_path, "a b", info, grid_of(np.ones((3, 4), bool)))
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        "20x_32px_0px_overlap/patches/a b_patches.h5",
        "10x_32px_0px_overlap/patches/a b_patches.h5",
    ]


def test_coordinates_are_level_0_corners_of_the_kept_tiles(tmp_path, info):
    """Of 3 x 4 coarse tiles only those with tissue stay, and their children."""
    mask = np.array([[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]], bool)
    fine, coarse = (read(p)[0] for p in write_tile_coords(tmp_path, "a", info, grid_of(mask)))
    assert coarse.dtype == np.int64
    assert coarse.tolist() == [[128, 0], [384, 256]]
    children = [[x + dx, y + dy] for x, y in coarse for dy in (0, 64) for dx in (0, 64)]
    assert sorted(fine.tolist()) == sorted(children)


def test_attributes_are_of_the_level_and_the_slide(tmp_path, info):
    """Tiles of 32 px at 0.5 and 1 um cover 64 and 128 px of a slide of 0.25 um."""
    paths = write_tile_coords(tmp_path, "a", info, grid_of(np.ones((3, 4), bool)))
    same = {
        "patch_size": 32,
        "level0_magnification": 40,
        "overlap": 0,
        "name": "a",
        "savetodir": ".",
        "level0_width": 512,
        "level0_height": 384,
    }
    assert [read(path)[1] for path in paths] == [
        {**same, "patch_size_level0": 64, "target_magnification": 20},
        {**same, "patch_size_level0": 128, "target_magnification": 10},
    ]


def test_slide_without_tissue_has_files_of_no_rows(tmp_path, info):
    paths = write_tile_coords(tmp_path, "a", info, grid_of(np.zeros((3, 4), bool)))
    assert [read(path)[0].shape for path in paths] == [(0, 2), (0, 2)]


def test_earlier_file_is_replaced_whole(tmp_path, info):
    write_tile_coords(tmp_path, "a", info, grid_of(np.ones((3, 4), bool)))
    paths = write_tile_coords(tmp_path, "a", info, grid_of(np.eye(3, 4, dtype=bool)))
    assert len(read(paths[1])[0]) == 3
    assert [path.name for path in paths[1].parent.iterdir()] == ["a_patches.h5"]
