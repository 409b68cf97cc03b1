import numpy as np
import pytest
import torch

from monai_ext.errors import SettingError
from monai_ext.ops.bag_layout import pack_bag, unpack_bag
from monai_ext.transforms import DropInstancesd, LoadBagd
from tests.data.feature_files import write_levels


def _dropped(bag, seed=0, **how):
    transform = DropInstancesd(**{"fraction": 0.9, **how})
    transform.set_random_state(seed)
    return transform({"image": bag})["image"]


@pytest.fixture
def bag(tmp_path):
    return LoadBagd()({"image": write_levels(tmp_path, side=16, levels=(0, 1, 2))})["image"]


def _cells(bag, level):
    parts = unpack_bag(bag[None])
    here = parts.level[0] == level
    return set(zip(parts.row[0, here].tolist(), parts.col[0, here].tolist(), strict=True))


def test_a_fraction_of_the_finest_goes_and_exactly_their_ancestors_stay(bag):
    found = _dropped(bag)
    fine = _cells(found, 0)
    assert len(fine) == 26
    for level in (1, 2):
        assert _cells(found, level) == {(r >> level, c >> level) for r, c in fine}
    assert len(_cells(found, 1)) < len(_cells(bag, 1))


def test_features_and_coordinates_stay_with_their_instance(bag):
    found = _dropped(bag)
    columns = {tuple(column) for column in bag.as_tensor().mT.tolist()}
    assert {tuple(column) for column in found.as_tensor().mT.tolist()} <= columns
    level, row, col, _, _ = (part[0] for part in unpack_bag(found[None]))
    corner = torch.stack([col, row], 1) * found.meta["step_px"] * 2 ** level[:, None]
    torch.testing.assert_close(corner.long(), found.meta["coords"])
    assert found.mT.is_contiguous()
    assert bag.meta["coords"].shape[0] == bag.shape[1]


def test_coarse_tissue_without_fine_tiles_stays():
    level, row, col = torch.tensor([[0, 1, 1], [0, 0, 9], [0, 0, 9]])
    found = _dropped(pack_bag(torch.ones(3, 2), level, row, col))
    assert _cells(found, 1) == {(0, 0), (9, 9)}


def test_one_instance_always_stays():
    zero = torch.zeros(1, dtype=torch.long)
    assert _dropped(pack_bag(torch.ones(1, 2), zero, zero, zero)).shape == (6, 1)


def test_an_empty_bag_stays_empty():
    none = torch.zeros(0, dtype=torch.long)
    assert _dropped(pack_bag(torch.ones(0, 2), none, none, none)).shape == (6, 0)


def test_seed_decides_and_each_call_differs(bag):
    assert torch.equal(_dropped(bag, 1).as_tensor(), _dropped(bag, 1).as_tensor())
    assert _cells(_dropped(bag, 1), 0) != _cells(_dropped(bag, 2), 0)
    transform = DropInstancesd(fraction=0.5).set_random_state(0)
    one, two = (transform({"image": bag})["image"] for _ in range(2))
    assert _cells(one, 0) != _cells(two, 0)


def test_prob_is_how_often():
    level = torch.zeros(10, dtype=torch.long)
    bag = pack_bag(torch.ones(10, 1), level, torch.arange(10), level)
    transform = DropInstancesd(fraction=0.5, prob=0.3).set_random_state(0)
    kept_all = np.mean([transform({"image": bag})["image"].shape[1] == 10 for _ in range(400)])
    assert 0.62 < kept_all < 0.78


@pytest.mark.parametrize("fraction", [-0.1, 1.0])
def test_settings_are_checked(fraction):
    with pytest.raises(SettingError, match="0 <= fraction < 1"):
        DropInstancesd(fraction=fraction)
