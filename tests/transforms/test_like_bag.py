import torch
from monai.data.meta_tensor import MetaTensor

from monai_ext.transforms.like_bag import like_bag


def test_meta_is_copied_with_changes_and_the_original_kept():
    bag = MetaTensor(torch.zeros(5, 2), meta={"slide": "a", "coords": 1})
    found = like_bag(torch.ones(5, 1), bag, coords=2)
    assert isinstance(found, MetaTensor)
    assert (found.meta["slide"], found.meta["coords"]) == ("a", 2)
    assert bag.meta["coords"] == 1


def test_plain_stays_plain():
    assert type(like_bag(torch.ones(1), torch.zeros(1))) is torch.Tensor
