"""The map of prototypes is what each pixel's embedding is nearest to."""

import torch

from monai_ext.engines.assignment_map import AssignmentMap
from monai_ext.engines.prototype_setup import build_prototype_objective
from monai_ext.engines.semi_supervised import SemiSupervised
from monai_ext.losses.pixel_cross_entropy import PixelCrossEntropy
from monai_ext.networks.encoders import build_pixel_encoder
from monai_ext.networks.nets.transuni import TransUNi


def build(ssl="mpamatch", **given):
    torch.manual_seed(0)  # noqa: TID251
    encoder = build_pixel_encoder("uni_v1", options={"preset": "tiny"})
    net = TransUNi(encoder, 2, decoder_channels=(8, 8, 8, 8, 8), norm="group", embed_dim=5).eval()
    proto = build_prototype_objective(2, 5, text=torch.nn.Identity(), per_class=3, **given)
    made = SemiSupervised(2, ssl=ssl, loss=PixelCrossEntropy(), prototypes=proto)
    return net, made, AssignmentMap(net, made)


def test_each_place_shows_its_nearest_prototype(rng):
    net, made, draw = build()
    image = 255 * torch.rand(3, 32, 48, generator=rng)
    assert (draw(image) == -1).all()
    bank = made.prototypes.bank
    bank.vectors.copy_(torch.nn.functional.normalize(torch.randn(2, 3, 5, generator=rng), dim=2))
    bank.ready.fill_(value=True)
    found = draw(image)
    inner = net.decode(net.encode(image[None]), (32, 48)).inner[0]
    assert found.shape == inner.shape[1:]
    for y, x in ((0, 0), (7, 11), (15, 23)):
        z = net.embed_pixels(inner[:, y, x][None])[0]
        assert found[y, x] == (bank.vectors.flatten(0, 1) @ z).argmax()


def test_there_is_no_map_without_visual_prototypes(rng):
    image = torch.rand(3, 32, 32, generator=rng)
    assert build("unimatch")[2](image) is None
    assert build(use_img_proto=False)[2](image) is None
