"""A hybrid gives tokens and the finer maps of its convolutions, as TransUNet has them."""

import copy

import pytest
import timm
import torch

from monai_ext.networks.encoders.kept_maps import keep_maps
from monai_ext.networks.encoders.patch_encoder import PatchEncoder
from monai_ext.networks.encoders.pixel_encoder import PixelEncoder
from monai_ext.networks.nets.transuni import TransUNi

SMALL = {"depth": 2, "embed_dim": 24, "num_heads": 2, "num_classes": 0, "dynamic_img_size": True}


class Hybrid(PatchEncoder):
    """TransUNet's encoder with a small transformer, random weights."""

    encoder_id, embed_dim, licence, commercial_use = "hybrid", 24, "none", None

    def __init__(self):
        torch.manual_seed(0)  # noqa: TID251
        super().__init__(
            timm.create_model("vit_base_r50_s16_224", **SMALL), [127.5] * 3, [50.0] * 3
        )


@pytest.fixture
def image(rng):
    return 255 * torch.rand(2, 3, 64, 96, generator=rng)


@pytest.fixture
def encoder():
    return PixelEncoder(Hybrid(), trained="all").eval()


def test_tokens_are_deep_and_convolutions_are_skips(encoder, image):
    tokens, *skips = encoder(image)
    net = Hybrid().backbone.eval()
    x = (image - encoder.mean) / encoder.std
    plain = net.forward_features(x)[:, 1:].transpose(1, 2).unflatten(2, (4, 6))
    torch.testing.assert_close(tokens, plain)
    trunk = net.patch_embed.backbone
    stem = trunk.stem.norm(trunk.stem.conv(x))
    first = trunk.stages[0](trunk.stem.pool(stem))
    for found, known in zip(skips, (trunk.stages[1](first), first, stem), strict=True):
        torch.testing.assert_close(found, known)
    assert encoder.strides == [16, 8, 4, 2] == [64 // m.shape[2] for m in (tokens, *skips)]
    assert encoder.channels == [24, 512, 256, 64]
    assert (encoder.num_deep, encoder.multiple) == (1, 16)
    kept = encoder.network.patch_embed.backbone
    assert kept.take() == [], "nothing is held after the pass"
    keys = [key for key in encoder.state_dict() if key.endswith("stem.conv.weight")]
    assert keys == ["network.patch_embed.backbone.convolutions.stem.conv.weight"]


def test_a_network_on_it_trains_and_can_be_copied(encoder, image):
    net = TransUNi(encoder, 2, decoder_channels=(16, 8, 8, 8, 8), norm="group").train()
    assert net(image).shape == (2, 2, 64, 96)
    net(image).square().mean().backward()
    trunk = encoder.network.patch_embed.backbone.convolutions
    assert all(p.grad.abs().max() > 0 for p in trunk.stem.conv.parameters())
    twin = copy.deepcopy(net).eval()
    torch.testing.assert_close(twin(image), net.eval()(image))


def test_checkpointing_changes_no_gradient(image):
    grads = []
    for checkpointing in (False, True):
        net = PixelEncoder(Hybrid(), trained="all", checkpointing=checkpointing).train()
        sum(m.square().mean() for m in net(image)).backward()
        grads.append({name: p.grad for name, p in net.named_parameters() if p.grad is not None})
    assert len(grads[0]) > 100
    assert grads[0].keys() == grads[1].keys()
    for name, grad in grads[0].items():
        torch.testing.assert_close(grad, grads[1][name])


def test_skip_blocks_are_refused_and_other_networks_left_alone():
    with pytest.raises(ValueError, match=r"skip_blocks=\[0\]"):
        PixelEncoder(Hybrid(), [0])
    assert keep_maps(timm.create_model("vit_tiny_patch16_224", depth=1)) is None
