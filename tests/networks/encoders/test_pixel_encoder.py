"""Maps are those of the network itself; what is frozen stays as it is, in training too."""

import pytest
import torch

from monai_ext.networks.encoders import build_patch_encoder
from monai_ext.networks.encoders.pixel_encoder import PixelEncoder, padded_image

SIDE = 64


def build(name: str, **settings) -> PixelEncoder:
    made = {"preset": "tiny"} if name == "uni_v1" else {}
    return PixelEncoder(build_patch_encoder(name, **made), **settings)


@pytest.fixture
def image(rng: torch.Generator) -> torch.Tensor:
    return 255 * torch.rand(2, 3, SIDE, SIDE, generator=rng)


def test_tokens_of_a_transformer_are_a_map_without_the_class_token(image):
    net = build("uni_v1").eval()
    (found,) = net(image)
    tokens = net.network.forward_features((image - net.mean) / net.std)[:, 1:]
    torch.testing.assert_close(found, tokens.transpose(1, 2).unflatten(2, (4, 4)))
    assert (net.channels, net.strides, net.num_deep, net.multiple) == ([64], [16], 1, 16)


def test_skips_of_a_transformer_are_earlier_blocks_after_the_last_norm(image):
    net = build("uni_v1", skip_blocks=[0]).eval()
    deep, skip = net(image)
    vit = net.network
    x = vit._pos_embed(vit.patch_embed((image - net.mean) / net.std))
    first = vit.norm(vit.blocks[0](vit.norm_pre(x)))[:, 1:]
    torch.testing.assert_close(skip, first.transpose(1, 2).unflatten(2, (4, 4)))
    torch.testing.assert_close(deep, build("uni_v1").eval()(image)[0])


def test_maps_of_a_pyramid_are_the_outputs_of_its_stages(image):
    net = build("efficientnet_lite0").eval()
    maps = net(image)
    x = net.network.bn1(net.network.conv_stem((image - net.mean) / net.std))
    stages = [x := block(x) for block in net.network.blocks]
    for found, stage in zip(maps, (6, 4, 2, 1, 0), strict=True):
        torch.testing.assert_close(found, stages[stage])
    assert net.strides == [32, 16, 8, 4, 2] == [SIDE // m.shape[-1] for m in maps]
    assert net.channels == [m.shape[1] for m in maps]
    assert (net.num_deep, net.multiple) == (2, 32)


@pytest.mark.parametrize("name", ["uni_v1", "efficientnet_lite0"])
def test_a_frozen_encoder_is_the_same_before_and_after_training_mode(name, image):
    net = build(name)
    before = [m.clone() for m in net.eval()(image)]
    after = net.train()(image)
    assert not any(p.requires_grad for p in net.parameters())
    assert not any(part.training for part in net.network.modules())
    for x, y in zip(net.eval()(image), before, strict=True):
        torch.testing.assert_close(x, y)
    torch.testing.assert_close(after[0], before[0])


def grads(net: PixelEncoder, image: torch.Tensor) -> dict[str, torch.Tensor]:
    net.zero_grad()
    sum(m.square().mean() for m in net(image)).backward()
    found = {name: p.grad for name, p in net.network.named_parameters() if p.grad is not None}
    return {name: g.clone() for name, g in found.items() if g.abs().max() > 0}


@pytest.mark.parametrize("name", ["uni_v1", "efficientnet_lite0"])
def test_the_last_block_is_trained_by_number_and_all_by_all(name, image):
    last = grads(build(name, trained=1), image)
    whole = grads(build(name, trained="all"), image)
    count = len(build(name).network.blocks)
    assert {key.split(".")[1] for key in last if key.startswith("blocks")} == {str(count - 1)}
    touched = {key.split(".")[1] for key in whole if key.startswith("blocks")}
    assert touched == {str(k) for k in range(count)}
    assert set(last) < set(whole)
    assert ("norm.weight" in last) == (name == "uni_v1")


def test_a_partly_frozen_pyramid_keeps_the_statistics_of_frozen_stages(image):
    net = build("efficientnet_lite0", trained=1).train()
    before = {k: v.clone() for k, v in net.network.state_dict().items() if "running_mean" in k}
    net(image)
    changed = {k for k, v in net.network.state_dict().items() if k in before}
    changed = {k for k in changed if not torch.equal(net.network.state_dict()[k], before[k])}
    assert changed
    assert all(k.startswith("blocks.6") for k in changed)


@pytest.mark.parametrize("name", ["uni_v1", "efficientnet_lite0"])
def test_checkpointing_runs_blocks_twice_and_changes_no_gradient(name, image):
    found, runs = [], []
    for checkpointing in (False, True):
        net = build(name, trained="all", checkpointing=checkpointing).train()
        count = []
        for block in net.network.blocks:
            part = block[0] if isinstance(block, torch.nn.Sequential) else block
            part.register_forward_pre_hook(lambda *_, count=count: count.append(1))
        found.append(grads(net, image))
        runs.append(len(count))
    assert runs[1] == 2 * runs[0] > 0
    plain, again = found
    assert plain.keys() == again.keys()
    for key, value in plain.items():
        torch.testing.assert_close(again[key], value)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("uni_v1", {"skip_blocks": [1]}, "blocks before the last are 0 to 0"),
        ("uni_v1", {"trained": 3}, "use none, all or 1 to 2 blocks"),
        ("uni_v1", {"trained": "some"}, "trained=some"),
        ("efficientnet_lite0", {"skip_blocks": [1]}, "convolutions have their own skips"),
    ],
)
def test_what_cannot_be_is_refused(name, settings, message):
    with pytest.raises(ValueError, match=message):
        build(name, **settings)


def test_an_encoder_without_maps_is_refused():
    with pytest.raises(ValueError, match="has no feature maps"):
        PixelEncoder(build_patch_encoder("tiny"))


def test_padding_repeats_the_border_and_leaves_what_fits_alone(image):
    padded = padded_image(image[..., :50, :33], 16)
    assert padded.shape[-2:] == (64, 48)
    torch.testing.assert_close(padded[..., :50, :33], image[..., :50, :33])
    torch.testing.assert_close(padded[..., 63, 40], image[..., 49, 32])
    assert torch.equal(padded_image(image, 32), image)
