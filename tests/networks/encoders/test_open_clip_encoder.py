import numpy as np
import pytest
import torch

from monai_ext.networks.encoders import OpenClipEncoder
from monai_ext.networks.encoders.open_clip_encoder import ClipVision
from tests.networks.encoders.clip_files import register, saved_model


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip")
    name = register(folder, "small-clip")
    return name, *saved_model(folder, name)


def test_vectors_are_open_clips(clip, rng):
    name, model, path = clip
    encoder = OpenClipEncoder(name, path)
    tile = torch.rand(2, 3, 32, 32, generator=rng) * 255
    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
    std = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)
    with torch.no_grad():
        wanted = model.encode_image((tile / 255 - mean) / std, normalize=True)
    torch.testing.assert_close(encoder(tile), wanted, atol=1e-5, rtol=1e-4)
    assert (encoder.encoder_id, encoder.embed_dim) == ("open_clip_small-clip", 24)
    assert (encoder.input_px, encoder.interpolation) == (32, "bicubic")


def test_given_statistics_replace_open_ais(clip):
    name, _, path = clip
    encoder = OpenClipEncoder(name, path, mean=[0.5] * 3, std=[0.5] * 3)
    np.testing.assert_allclose(encoder.mean.flatten(), [127.5] * 3)
    np.testing.assert_allclose(encoder.std.flatten(), [127.5] * 3)


def test_tokens_that_come_along_are_dropped():
    class Coca(torch.nn.Module):
        def forward(self, image):
            return image[:, 0, 0, :2], image

    found = ClipVision(Coca())(torch.tensor([3.0, 4.0]).expand(1, 3, 2, 2))
    torch.testing.assert_close(found, torch.tensor([[0.6, 0.8]]))
