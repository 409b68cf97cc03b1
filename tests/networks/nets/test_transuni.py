"""Logits of every pixel, for any size of image and every encoder of the room."""

import pytest
import torch
from torch.nn import functional as F

from monai_ext.networks.encoders import build_patch_encoder
from monai_ext.networks.encoders.pixel_encoder import PixelEncoder
from monai_ext.networks.nets.transuni import TransUNi

WIDTHS = (24, 16, 16, 8, 8)


def build(name="uni_v1", skips=(), trained="none", **settings) -> TransUNi:
    torch.manual_seed(0)  # noqa: TID251
    made = {"preset": "tiny"} if name == "uni_v1" else {}
    encoder = PixelEncoder(build_patch_encoder(name, **made), skips, trained)
    given = {"decoder_channels": WIDTHS, "norm": "group", **settings}
    return TransUNi(encoder, 3, **given)


@pytest.fixture
def image(rng: torch.Generator) -> torch.Tensor:
    return 255 * torch.rand(2, 3, 64, 96, generator=rng)


KINDS = [{}, {"skips": [0]}, {"name": "efficientnet_lite0"}]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_an_image_of_any_size_is_its_padded_self_cut_out(kind, image):
    net = build(**kind).eval()
    odd = image[..., :50, :77]
    out = net(odd)
    assert out.shape == (2, 3, 50, 77)
    side = net.encoder.multiple
    below, right = -50 % side, -77 % side
    whole = net(F.pad(odd, [0, right, 0, below], mode="replicate"))
    torch.testing.assert_close(out, whole[..., :50, :77])


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_open_weight_gets_a_gradient_and_no_frozen_one(kind, image):
    net = build(**kind, embed_dim=5, proto_xattn=6).train()
    torch.nn.init.normal_(net.looks[0].out.weight, std=0.1)
    torch.nn.init.normal_(net.prototypes)
    out = net.decode(net.encode(image), (64, 96))
    z = net.embed_pixels(out.inner.movedim(1, -1).flatten(0, 2))
    (out.logits.square().mean() + z[:, 0].mean()).backward()
    for name, parameter in net.named_parameters():
        if name.startswith("encoder."):
            assert parameter.grad is None, name
        else:
            assert parameter.grad is not None, name
            assert parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize("kind", KINDS[1:], ids=str)
def test_each_map_matters(kind, image):
    net = build(**kind).eval()
    maps, size = net.encode(image), (64, 96)
    plain = net.decode(maps, size).logits
    for k in range(len(maps)):
        changed = [torch.zeros_like(m) if i == k else m for i, m in enumerate(maps)]
        assert (net.decode(changed, size).logits - plain).abs().max() > 1e-4, k


def test_encoding_and_decoding_are_the_forward_pass(image):
    net = build(name="efficientnet_lite0").eval()
    torch.testing.assert_close(net.decode(net.encode(image), (64, 96)).logits, net(image))


def test_pixels_are_embedded_from_their_block(image):
    for block, stride in ((0, 8), (2, 2), (3, 1)):
        net = build(embed_dim=7, embed_block=block).eval()
        seen = []
        net.blocks[block].register_forward_hook(lambda _m, _i, out, to=seen: to.append(out))
        inner = net.decode(net.encode(image), (64, 96)).inner
        assert inner.shape[2:] == (64 // stride, 96 // stride)
        torch.testing.assert_close(inner, seen[0])
        pixels = inner[0, :, 3]
        found = net.embed_pixels(pixels.T)
        by_hand = net.embed.weight @ pixels + net.embed.bias[:, None]
        torch.testing.assert_close(found.T, by_hand / by_hand.norm(dim=0))


def test_the_embedded_map_is_of_the_image_without_its_padding(image):
    net = build(name="efficientnet_lite0", embed_dim=7, embed_block=2).eval()
    odd = image[..., :50, :77]
    inner = net.decode(net.encode(odd), (50, 77)).inner
    assert inner.shape[2:] == (25, 39)
    whole = net.decode(net.encode(F.pad(odd, [0, 19, 0, 14], mode="replicate")), (64, 96)).inner
    torch.testing.assert_close(inner, whole[..., :25, :39])


def test_prediction_looks_at_prototypes_only_where_it_is_built_to(image, rng):
    net = build(embed_dim=5, proto_xattn=4).eval()
    start = net(image)
    net.prototypes.copy_(torch.randn(4, 5, generator=rng))
    torch.testing.assert_close(net(image), start)
    torch.nn.init.normal_(net.looks[0].out.weight, std=0.5)
    one = net(image)
    net.prototypes.mul_(2)
    assert (net(image) - one).abs().max() > 1e-4
    assert "prototypes" in net.state_dict()
    with pytest.raises(ValueError, match="proto_xattn=4 needs embed_dim"):
        build(proto_xattn=4)


def test_images_of_a_batch_do_not_know_each_other_with_group_norm(image):
    net = build(name="efficientnet_lite0").train()
    torch.testing.assert_close(net(image)[:1], net(image[:1]), rtol=1e-4, atol=1e-4)


def test_dropout_is_for_training(image):
    net = build(dropout=0.5)
    assert torch.equal(net.eval()(image), net(image))
    assert not torch.equal(net.train()(image), net(image))


def test_it_learns_a_mask(image):
    """Left half against right half, which a pixel's place in the image tells."""
    net = build(name="efficientnet_lite0").train()
    truth = (torch.arange(96) >= 48).long().expand(2, 64, 96)
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3)
    losses = []
    for _ in range(30):
        loss = F.cross_entropy(net(image), truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize(
    "settings", [{"decoder_channels": (8, 8)}, {"embed_block": 4}, {"embed_block": -1}]
)
def test_widths_and_blocks_that_do_not_fit_are_refused(settings):
    with pytest.raises(ValueError, match="four blocks bring stride 16 to 1"):
        build(**settings)
