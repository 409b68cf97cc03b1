import pytest
import torch

from monai_ext.errors import FeatureError, SettingError
from monai_ext.ops.bag_layout import unpack_bag
from monai_ext.ops.compact_regions import compact_regions
from monai_ext.ops.regions import count_regions, spatial_regions
from monai_ext.transforms import LoadBagd, RegionPartitionD, RegionPartitiond, RegionPartitionDict
from tests.data.feature_files import item, write_clam, write_levels


def _loaded(tmp_path):
    return LoadBagd()({"image": write_levels(tmp_path, side=8), "label": 0})


@pytest.mark.parametrize(
    ("partition", "rule"),
    [("spatial", spatial_regions), ("compact", compact_regions), ("count", count_regions)],
)
def test_region_row_is_filled_by_the_rule_and_nothing_else_changes(tmp_path, partition, rule):
    before = _loaded(tmp_path)
    after = RegionPartitiond(m=3, partition=partition)(before)["image"]
    old, new = (unpack_bag(bag[None]) for bag in (before["image"], after))
    expected = rule(old.level[0], old.row[0], old.col[0], 3)
    assert torch.equal(new.region[0], expected)
    assert set(new.region[0].tolist()) == {0, 1, 2}
    for name in ("level", "row", "col", "features"):
        assert torch.equal(getattr(old, name), getattr(new, name))
    assert after.meta["slide"] == "a"
    assert after.mT.is_contiguous()


def test_the_bag_before_is_left_alone(tmp_path):
    before = _loaded(tmp_path)
    RegionPartitiond(m=3)(before)
    assert (before["image"][3] == -1).all()


def test_a_region_is_the_same_tissue_at_every_level(tmp_path):
    level, row, col, region, _ = (
        part[0] for part in unpack_bag(RegionPartitiond(m=4)(_loaded(tmp_path))["image"][None])
    )
    coarse = {
        (int(r), int(c)): int(g)
        for r, c, g in zip(row[level == 1], col[level == 1], region[level == 1], strict=True)
    }
    fine = zip(row[level == 0], col[level == 0], region[level == 0], strict=True)
    assert all(coarse[int(r) >> 1, int(c) >> 1] == int(g) for r, c, g in fine)


def test_plain_tensors_stay_plain(tmp_path):
    bag = _loaded(tmp_path)["image"].as_tensor()
    assert type(RegionPartitiond(m=2)({"image": bag})["image"]) is torch.Tensor


def test_bags_without_places_are_refused(tmp_path):
    file = write_clam(tmp_path / "a.h5", item().features, item().coords)
    bag = LoadBagd(is_spatial=False)({"image": file})
    with pytest.raises(FeatureError, match="bag of slide 'a' has no places"):
        RegionPartitiond(m=2)(bag)


@pytest.mark.parametrize("how", [{"m": 0}, {"m": 2, "partition": "random"}])
def test_settings_are_checked(how):
    with pytest.raises(
        SettingError, match="partition is one of spatial, compact, count, m at least 1"
    ):
        RegionPartitiond(**how)


def test_spellings_are_one_class():
    assert RegionPartitiond is RegionPartitionD is RegionPartitionDict
