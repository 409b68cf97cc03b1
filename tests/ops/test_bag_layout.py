import pytest
import torch
from monai.data.meta_tensor import MetaTensor

from monai_ext.ops.bag_layout import pack_bag, pad_bags, unpack_bag


@pytest.fixture
def parts(rng: torch.Generator) -> tuple[torch.Tensor, ...]:
    features = torch.randn(5, 3, generator=rng)
    level, row, col, region = torch.randint(0, 300, (4, 5), generator=rng)
    return features, level, row, col, region


def test_unpack_returns_what_was_packed(parts):
    features, level, row, col, region = parts
    out = unpack_bag(pack_bag(*parts)[None])
    assert torch.equal(out.features[0], features)
    for found, expected in zip(out[:4], (level, row, col, region), strict=True):
        assert torch.equal(found[0], expected)
        assert found.dtype == torch.int64


def test_bag_without_regions_has_region_minus_one(parts):
    out = unpack_bag(pack_bag(*parts[:4])[None])
    assert out.region.tolist() == [[-1] * 5]


def test_bag_is_stored_instance_major(parts):
    assert pack_bag(*parts).mT.is_contiguous()
    assert pad_bags([pack_bag(*parts)] * 2).mT.is_contiguous()


def test_features_are_a_view_of_the_bag(parts):
    bag = pack_bag(*parts)[None]
    assert unpack_bag(bag).features.untyped_storage().data_ptr() == bag.untyped_storage().data_ptr()


def test_large_grid_indices_survive():
    big = torch.tensor([1_000_003])
    assert unpack_bag(pack_bag(torch.zeros(1, 1), big * 0, big, big)[None]).row.item() == 1_000_003


def test_random_input_meets_levels_zero_and_one(rng):
    noise = torch.rand(1, 6, 40, generator=rng)
    assert set(unpack_bag(noise).level.flatten().tolist()) == {0, 1}


def test_padding_has_level_minus_one_and_zero_elsewhere(parts):
    long = pack_bag(*parts)
    short = long[:, :2]
    batch = pad_bags([short, long])
    assert torch.equal(batch[1], long)
    assert torch.equal(batch[0, :, :2], short)
    assert batch[0, 0, 2:].tolist() == [-1.0] * 3
    assert batch[0, 1:, 2:].abs().sum() == 0


def test_meta_tensor_is_dropped(parts):
    bag = MetaTensor(pack_bag(*parts))
    assert type(pad_bags([bag, bag])) is torch.Tensor
    assert all(type(part) is torch.Tensor for part in unpack_bag(bag[None]))


def test_gradient_reaches_the_features(parts):
    bag = pack_bag(*parts)[None].requires_grad_()
    unpack_bag(bag).features.sum().backward()
    assert bag.grad is not None
    assert bag.grad[0].sum(1).tolist() == [0.0] * 4 + [5.0] * 3


def test_unpack_scripts_to_the_same_values(parts):
    bag = pack_bag(*parts)[None]
    scripted = torch.jit.script(unpack_bag)
    for found, expected in zip(scripted(bag), unpack_bag(bag), strict=True):
        assert torch.equal(found, expected)


class _Unpack(torch.nn.Module):
    def forward(self, bag: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(unpack_bag(bag))


def test_unpack_exports_with_dynamic_batch_and_length(parts):
    bag = pack_bag(*parts)[None]
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length")
    program = torch.export.export(
        _Unpack(), (pad_bags([bag[0], bag[0, :, :3]]),), dynamic_shapes=({0: batch, 2: length},)
    ).module()
    for found, expected in zip(program(bag[:, :, :1]), unpack_bag(bag[:, :, :1]), strict=True):
        assert torch.equal(found, expected)


def test_pack_refuses_an_index_of_other_length(parts):
    features, level, row, col, _ = parts
    with pytest.raises(ValueError, match=r"row has shape \(4,\), features hold 5 instances"):
        pack_bag(features, level, row[:4], col)


def test_unpack_refuses_a_bag_without_batch_axis(parts):
    with pytest.raises(ValueError, match="a batch of bags is"):
        unpack_bag(pack_bag(*parts))


@pytest.mark.parametrize("heights", [(), (6, 7)])
def test_pad_refuses_different_widths_and_no_bag(heights):
    with pytest.raises(ValueError, match="one batch needs one width"):
        pad_bags([torch.zeros(height, 2) for height in heights])
