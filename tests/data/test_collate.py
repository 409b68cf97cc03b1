import torch
from monai.data.meta_tensor import MetaTensor
from monai.data.utils import decollate_batch

from monai_ext.data import collate_bags, load_bag
from monai_ext.ops.bag_layout import unpack_bag
from tests.data.feature_files import write_levels


def _batch(tmp_path):
    items = []
    for k, side in enumerate((2, 4, 1)):
        bag, meta = load_bag(write_levels(tmp_path, f"s{k}", side=side))
        extra = {"only first": 1} if k == 0 else {}
        items.append(
            {
                "image": MetaTensor(bag, meta=meta),
                "label": k,
                "slide": f"s{k}",
                "weight": 0.5 * k,
                "pair": torch.tensor([k, k]),
                **extra,
            }
        )
    return items, collate_bags(items)


def test_padding_has_no_level_and_the_rest_is_unchanged(tmp_path):
    items, batch = _batch(tmp_path)
    parts = unpack_bag(batch["image"])
    for k, item in enumerate(items):
        n = item["image"].shape[1]
        assert torch.equal(batch["image"][k, :, :n], item["image"].as_tensor())
        assert (parts.level[k, n:] == -1).all()
        assert parts.features[k, n:].abs().sum() == 0
    assert batch["image"].mT.is_contiguous()
    assert type(batch["image"]) is torch.Tensor


def test_other_values_are_batched_by_kind(tmp_path):
    _, batch = _batch(tmp_path)
    assert batch["label"].dtype == torch.long
    assert batch["label"].tolist() == [0, 1, 2]
    assert batch["weight"].tolist() == [0.0, 0.5, 1.0]
    assert batch["slide"] == ["s0", "s1", "s2"]
    assert batch["pair"].tolist() == [[0, 0], [1, 1], [2, 2]]
    assert "only first" not in batch


def test_monai_decollates_what_we_collate(tmp_path):
    items, batch = _batch(tmp_path)
    found = decollate_batch(batch)
    assert len(found) == 3
    for item, one in zip(items, found, strict=True):
        meta, n = item["image"].meta, item["image"].shape[1]
        assert one["slide"] == item["slide"]
        for key in ("slide", "step_px", "provenance", "mpps", "num_tiles", "level0_size"):
            expected = meta[key]
            same = list(expected) if isinstance(expected, tuple) else expected
            assert one["image_meta_dict"][key] == same, key
        torch.testing.assert_close(one["image_meta_dict"]["coords"][:n], meta["coords"])
        assert (one["image_meta_dict"]["coords"][n:] == -1).all()


def test_one_bag_is_a_batch():
    batch = collate_bags([{"image": torch.zeros(6, 2), "label": 1}])
    assert batch["image"].shape == (1, 6, 2)
    assert batch["image_meta_dict"] == {}


def test_named_keys_hold_the_bags():
    batch = collate_bags([{"bag": torch.zeros(6, 2)}, {"bag": torch.zeros(6, 1)}], keys=["bag"])
    assert batch["bag"][1, 0].tolist() == [0, -1]
