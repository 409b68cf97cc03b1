import pytest
import torch
from monai.bundle import ConfigParser
from monai.data.meta_tensor import MetaTensor

from monai_ext.data import load_bag
from monai_ext.errors import FeatureError
from monai_ext.transforms import LoadBagD, LoadBagd, LoadBagDict
from tests.data.feature_files import item, square, write_clam, write_levels, write_stamp


def test_files_become_a_meta_tensor(tmp_path):
    files = write_levels(tmp_path, "a #ü")
    bag, meta = load_bag(files)
    found = LoadBagd()({"image": [str(file) for file in files], "label": 1})
    assert isinstance(found["image"], MetaTensor)
    torch.testing.assert_close(found["image"].as_tensor(), bag)
    assert found["image"].mT.is_contiguous()
    assert found["image"].meta["slide"] == "a #ü"
    assert found["image"].meta["provenance"] == meta["provenance"]
    assert found["label"] == 1


def test_the_item_itself_is_left_alone(tmp_path):
    data = {"image": write_levels(tmp_path)}
    LoadBagd()(data)
    assert isinstance(data["image"], list)


def test_spellings_are_one_class():
    assert LoadBagd is LoadBagD is LoadBagDict


def test_a_config_finds_it_by_name(tmp_path):
    parser = ConfigParser(
        {"imports": ["$import monai_ext.transforms"], "t": {"_target_": "LoadBagd", "keys": "bag"}}
    )
    parser.parse()
    parser.get_parsed_content("imports")
    assert isinstance(parser.get_parsed_content("t"), LoadBagd)


def test_step_may_be_given_and_places_forgone(tmp_path):
    file = write_clam(tmp_path / "a.h5", item().features, square() * 512)
    with pytest.raises(FeatureError, match="--step_px"):
        LoadBagd()({"image": file})
    assert LoadBagd(step_px=512)({"image": file})["image"].meta["on_grid"]
    assert not LoadBagd(is_spatial=False)({"image": file})["image"].meta["on_grid"]


def test_the_items_mpp_places_stamps_tiles(tmp_path):
    file = write_stamp(
        tmp_path / "a.h5",
        item().features,
        square() * 256.0,
        stamp_version="2.4.0",
        tile_size_um=256.0,
    )
    assert LoadBagd()({"image": file})["image"].meta["coords_unit"] == "um"
    assert LoadBagd()({"image": file, "mpp": 0.5})["image"].meta["step_px"] == 512


def test_missing_key_may_be_allowed():
    assert LoadBagd(allow_missing_keys=True)({"label": 1}) == {"label": 1}
    with pytest.raises(KeyError, match="image"):
        LoadBagd()({"label": 1})
