import numpy as np
import pytest
import torch
from torch import nn

from monai_ext.networks.encoders import PatchEncoder, TinyEncoder


class MeanColour(nn.Module):
    def forward(self, image):
        return image.mean((2, 3))


class Colours(PatchEncoder):
    encoder_id, embed_dim, licence, commercial_use = "colours", 3, "Apache-2.0", True

    def __init__(self, input_px=None):
        super().__init__(MeanColour(), mean=[10, 20, 30], std=[2, 4, 5], input_px=input_px)


def test_tiles_are_normalised_per_channel():
    tiles = np.empty((2, 8, 8, 3), np.uint8)
    tiles[...] = [30, 60, 80]
    np.testing.assert_allclose(Colours().encode(tiles).numpy(), [[10, 10, 10]] * 2)


def test_encode_equals_forward_of_the_channel_first_image(np_rng):
    tiles = np_rng.integers(0, 256, (2, 12, 12, 3), dtype=np.uint8)
    encoder = TinyEncoder()
    expected = encoder(torch.from_numpy(tiles).permute(0, 3, 1, 2).float())
    torch.testing.assert_close(encoder.encode(tiles), expected)


def test_input_px_resizes_before_the_backbone(np_rng):
    class Side(nn.Module):
        def forward(self, image):
            return torch.full((len(image), 1), float(image.shape[2]))

    tiles = np_rng.integers(0, 256, (2, 80, 80, 3), dtype=np.uint8)
    encoder = PatchEncoder(Side(), [0.0] * 3, [1.0] * 3, input_px=16)
    assert encoder.encode(tiles).flatten().tolist() == [16.0, 16.0]


def test_resizing_is_antialiased():
    tiles = np.zeros((1, 64, 64, 3), np.uint8)
    tiles[:, ::8] = 240  # one bright row of eight: 30 on average, lost by plain subsampling
    encoder = PatchEncoder(MeanColour(), [0.0] * 3, [1.0] * 3, input_px=8)
    np.testing.assert_allclose(encoder.encode(tiles).numpy(), 30, atol=4)


def test_bicubic_overshoot_is_cut_at_black_and_white():
    tiles = np.zeros((1, 64, 64, 3), np.uint8)
    tiles[:, :32] = 255  # an edge, at which a cubic kernel leaves the range
    range_of = {}
    for mode in ("bilinear", "bicubic"):
        encoder = PatchEncoder(nn.Flatten(), [0.0] * 3, [1.0] * 3, 48, mode)
        found = encoder.encode(tiles)
        range_of[mode] = (found.min().item(), found.max().item(), found)
    assert range_of["bicubic"][:2] == (0.0, 255.0)
    assert (range_of["bicubic"][2] - range_of["bilinear"][2]).abs().max() > 5


def test_no_tiles_give_no_rows():
    assert TinyEncoder(embed_dim=5).encode(np.empty((0, 8, 8, 3), np.uint8)).shape == (0, 5)


@pytest.mark.parametrize(
    "tiles",
    [np.zeros((1, 8, 8, 3), np.float32), np.zeros((8, 8, 3), np.uint8), torch.zeros(1, 3, 8, 8)],
)
def test_other_than_uint8_channel_last_is_refused(tiles):
    with pytest.raises(ValueError, match=r"encode takes uint8 \[B, H, W, 3\]"):
        TinyEncoder().encode(tiles)


def test_weight_hash_follows_the_weights():
    encoder = TinyEncoder()
    before = encoder.weight_hash
    assert before == TinyEncoder().weight_hash
    encoder.backbone[2].weight.data[0, 0] += 1
    assert encoder.weight_hash != before


def test_transform_hash_follows_the_resizing():
    assert Colours().transform_hash == Colours().transform_hash
    bilinear, bicubic = Colours(input_px=8), Colours(input_px=8)
    bicubic.interpolation = "bicubic"
    hashes = [encoder.transform_hash for encoder in (Colours(), bilinear, bicubic)]
    assert len(set(hashes)) == 3


def test_transform_hash_of_features_on_disk_stays():
    """Files carry it: a change here makes every extraction start anew."""
    assert Colours(input_px=8).transform_hash == "0b17c09b9a615646"


def test_encoders_are_frozen_and_in_eval_mode():
    encoder = TinyEncoder()
    assert not encoder.training
    assert not any(weight.requires_grad for weight in encoder.parameters())
