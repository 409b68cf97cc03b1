import numpy as np
import pytest
import torch

from monai_ext.data import bag_lengths, join_levels, load_bag, write_features
from monai_ext.errors import FeatureError
from monai_ext.ops.bag_layout import unpack_bag
from monai_ext.testing.shared_data import shared_data_path
from tests.data.feature_files import item, write_clam, write_levels


def test_bag_holds_what_the_files_hold(tmp_path):
    bag, meta = load_bag(write_levels(tmp_path, "a #ü"))
    parts = unpack_bag(bag[None])
    expected = np.concatenate([item("a #ü", level=k).features for k in (0, 1)])
    np.testing.assert_array_equal(parts.features[0].numpy(), expected)
    assert parts.level[0].tolist() == [0] * 16 + [1] * 4
    assert parts.row[0, -4:].tolist() == [0, 0, 1, 1]
    assert parts.col[0, -4:].tolist() == [0, 1, 0, 1]
    assert parts.region[0].unique().tolist() == [-1]
    assert bag.mT.is_contiguous()
    assert meta["slide"] == "a #ü"


def test_meta_places_every_tile(tmp_path):
    bag, meta = load_bag(write_levels(tmp_path))
    level, row, col, _, _ = (part[0] for part in unpack_bag(bag[None]))
    corner = torch.stack([col, row], dim=1) * meta["step_px"] * 2 ** level[:, None]
    torch.testing.assert_close(corner.long(), meta["coords"])
    assert meta["magnifications"] == [20, 10]
    assert meta["mpps"] == [0.5, 1.0]
    assert meta["num_tiles"] == [16, 4]
    assert (meta["encoder_id"], meta["levels"], meta["on_grid"]) == ("tiny", [0, 1], True)


def test_narrower_levels_are_padded_with_zeros(tmp_path):
    fine = write_features(tmp_path / "a.h5", item())
    wide = item(level=1, features=np.ones((4, 9), np.float32), encoder_id="other")
    bag, meta = load_bag([fine, write_features(tmp_path / "b.h5", wide)])
    features = unpack_bag(bag[None]).features[0]
    assert features.shape == (20, 9)
    assert features[:16, 6:].abs().sum() == 0
    assert (features[16:] == 1).all()
    assert meta["widths"] == [6, 9]
    assert meta["encoder_id"] == "tiny+other"


@pytest.mark.parametrize("rows", [0, 1])
def test_tiny_bags_load(tmp_path, rows):
    small = item(features=np.ones((rows, 5), np.float32), coords=np.zeros((rows, 2), np.int64))
    bag, meta = load_bag(write_features(tmp_path / "a.h5", small))
    assert bag.shape == (9, rows)
    assert meta["num_tiles"] == [rows]


@pytest.mark.parametrize("bad_row", [0, 700])
def test_nan_in_a_mapped_file_is_named(tmp_path, bad_row):
    cells = np.stack([np.arange(1000), np.zeros(1000, np.int64)], axis=1)
    good = item(features=np.ones((1000, 3), np.float32), coords=cells * 512)
    path = write_features(tmp_path / "a.h5", good)
    import h5py

    with h5py.File(path, "r+") as file:
        file["features"][bad_row, 2] = np.nan
    with pytest.raises(FeatureError, match=rf"a.h5 has NaN .* tile {bad_row}"):
        load_bag(path)


def test_given_step_counts_for_the_first_level(tmp_path):
    files = [
        write_clam(tmp_path / f"{k}.h5", one.features, one.coords)
        for k, one in enumerate((item(), item(level=1)))
    ]
    bag, meta = load_bag(files, step_px=512)
    assert meta["levels"] == [0, 1]
    assert unpack_bag(bag[None]).col[0].max() == 3


def test_real_file_loads_with_its_step():
    path = shared_data_path("tcga-slide-features/TCGA-AD-6964-01Z-00-DX1.h5")
    with pytest.raises(FeatureError, match="--step_px"):
        load_bag(path)
    bag, meta = load_bag(path, step_px=512)
    assert bag.shape == (516, 777)
    assert unpack_bag(bag[None]).row[0, 0] == 21504 // 512
    assert meta["coords"].shape == (777, 2)


def test_features_without_places_load_for_methods_that_need_none():
    path = shared_data_path("tcga-slide-features/TCGA-3X-AAVA-01Z-00-DX1.h5")
    bag, meta = load_bag(path, is_spatial=False)
    assert bag.shape == (516, 180)
    assert (meta["on_grid"], meta["coords"], meta["step_px"]) == (False, None, None)


def test_lengths_count_all_levels(tmp_path):
    assert bag_lengths([{"image": write_levels(tmp_path)}]) == [20]


def test_features_are_mapped_until_they_are_in_the_bag(tmp_path, monkeypatch):
    seen = []

    def spy(levels, **how):
        seen.extend(type(one.features) for one in levels)
        return join_levels(levels, **how)

    monkeypatch.setattr("monai_ext.data.bags.join_levels", spy)
    load_bag(write_levels(tmp_path))
    assert seen == [np.memmap, np.memmap]
