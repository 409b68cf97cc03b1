import pytest
import torch

from monai_ext.errors import SettingError
from monai_ext.ops.bag_layout import unpack_bag
from monai_ext.transforms import LoadBagd, StandardizeFeaturesd
from tests.data.feature_files import write_levels


def test_features_get_zero_mean_and_unit_deviation_and_places_stay(tmp_path):
    before = LoadBagd()({"image": write_levels(tmp_path)})
    old = unpack_bag(before["image"][None])
    std, mean = torch.std_mean(old.features[0], dim=0, correction=0)
    after = StandardizeFeaturesd(mean=mean.tolist(), std=std.tolist())(before)["image"]
    new = unpack_bag(after[None])
    found_std, found_mean = torch.std_mean(new.features[0], dim=0, correction=0)
    torch.testing.assert_close(found_mean, torch.zeros(6), atol=1e-5, rtol=0)
    torch.testing.assert_close(found_std, torch.ones(6))
    assert torch.equal(new.row, old.row)
    assert after.meta["slide"] == "a"


@pytest.mark.parametrize(("mean", "std"), [([0.0], [1.0, 1.0]), ([0.0], [0.0])])
def test_settings_are_checked(mean, std):
    with pytest.raises(SettingError, match="deviations are above 0"):
        StandardizeFeaturesd(mean=mean, std=std)


def test_another_width_is_refused(tmp_path):
    bag = LoadBagd()({"image": write_levels(tmp_path)})
    with pytest.raises(SettingError, match="bag 'image' has width 6, mean 2"):
        StandardizeFeaturesd(mean=[0.0, 0.0], std=[1.0, 1.0])(bag)
