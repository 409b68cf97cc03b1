"""Batches as MONAI's evaluators hold them, before and after decollating."""

import pytest
import torch
from monai.data.meta_tensor import MetaTensor
from monai.data.utils import decollate_batch

from monai_ext.data import collate_bags
from monai_ext.errors import FeatureError
from monai_ext.outputs.batch_items import BatchItem, batch_items


def _batch():
    metas = [
        {"slide": "a", "step_px": 64.0, "levels": [0, 1], "coords": torch.zeros(2, 2), "x": None},
        {"slide": "b", "step_px": 32.0, "levels": [0, 1], "coords": torch.ones(3, 2), "x": None},
    ]
    bags = [
        MetaTensor(torch.full((5, n), float(n)), meta=m) for n, m in zip((2, 3), metas, strict=True)
    ]
    items = [{"image": bag, "label": k, "patient": f"p{k}"} for k, bag in enumerate(bags)]
    return collate_bags(items)


def _assert_right(items):
    assert [item.slide for item in items] == ["a", "b"]
    assert [item.meta["step_px"] for item in items] == [64.0, 32.0]
    assert [item.meta["levels"] for item in items] == [[0, 1], [0, 1]]
    assert [int(item.other["label"]) for item in items] == [0, 1]
    assert [item.other["patient"] for item in items] == ["p0", "p1"]
    assert [item.bag[0].tolist() for item in items] == [[2.0, 2.0], [3.0, 3.0, 3.0]]
    assert [item.meta["coords"].shape for item in items] == [(2, 2), (3, 2)]


def test_whole_batch_is_split():
    _assert_right(batch_items(_batch()))


def test_decollated_batch_is_taken_as_it_is():
    _assert_right(batch_items(decollate_batch(_batch())))


def test_meta_tensor_brings_its_own_meta_and_comes_out_plain():
    bag = MetaTensor(torch.zeros(5, 2), meta={"slide": "a", "step_px": torch.tensor(8.0)})
    (item,) = batch_items([{"image": bag}])
    assert item.slide == "a"
    assert item.meta["step_px"] == 8.0
    assert type(item.bag) is torch.Tensor


def test_name_of_the_item_goes_before_that_of_the_features():
    bag = MetaTensor(torch.zeros(5, 2), meta={"slide": "features"})
    assert batch_items([{"image": bag, "slide": "cohort"}])[0].slide == "cohort"


def test_features_without_coordinates_stay_without():
    bag = MetaTensor(torch.zeros(5, 2), meta={"slide": "a", "coords": None})
    item = batch_items([{"image": bag}])[0]
    assert item.meta["coords"] is None
    assert item.bag.shape == (5, 2)


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "..", "..\\x"])
def test_a_name_that_leads_out_of_the_folder_is_refused(name):
    with pytest.raises(FeatureError, match="is no name of a file"):
        _ = BatchItem(torch.zeros(4, 1), {}, {"slide": name}).slide


def test_names_may_have_dots_spaces_and_folders():
    for name in ("a.b c", "site/a", "..a"):
        assert BatchItem(torch.zeros(4, 1), {"slide": name}).slide == name
