import socket

import pytest
import timm
import torch

from monai_ext.errors import SettingError
from monai_ext.networks.encoders import TimmEncoder


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Weights of two small networks with their classifiers."""
    folder = tmp_path_factory.mktemp("timm")
    for name in ("test_vit", "test_resnet"):
        torch.save(timm.create_model(name).state_dict(), folder / f"{name}.pth")
    return folder


@pytest.fixture
def tile(rng):
    return torch.rand(2, 3, 160, 160, generator=rng) * 255


@pytest.mark.parametrize("name", ["test_vit", "test_resnet"])
def test_features_are_timms_before_the_classifier(files, tile, name):
    path = files / f"{name}.pth"
    encoder = TimmEncoder(f"{name}.r160_in1k", path)
    network = timm.create_model(name)
    network.load_state_dict(torch.load(path, weights_only=True))
    listed = timm.get_pretrained_cfg(f"{name}.r160_in1k")
    mean, std = (torch.tensor(value).view(3, 1, 1) for value in (listed.mean, listed.std))
    with torch.no_grad():
        tokens = network.eval().forward_features((tile / 255 - mean) / std)
        wanted = network.forward_head(tokens, pre_logits=True)
    torch.testing.assert_close(encoder(tile), wanted, atol=1e-4, rtol=1e-4)
    assert encoder.embed_dim == wanted.shape[1]
    assert encoder.encoder_id == f"timm_{name}.r160_in1k"
    assert encoder.input_px == 160


def test_arguments_reach_the_network(files):
    state = torch.load(files / "test_vit.pth", weights_only=True)
    torch.save(state | {"pos_embed": torch.zeros(1, 1 + 16, 64)}, files / "small.pth")
    encoder = TimmEncoder("test_vit", files / "small.pth", {"img_size": 64}, input_px=64)
    assert encoder(torch.zeros(1, 3, 99, 99)).shape == (1, 64)


def test_wrong_arguments_are_one_line(files):
    with pytest.raises(SettingError, match=r"timm cannot build test_vit with {'no_such': 1}"):
        TimmEncoder("test_vit", files / "test_vit.pth", {"no_such": 1})


def test_another_networks_weights_are_refused(files):
    with pytest.raises(SettingError, match=r"does not fit: missing cls_token.*timm's own names"):
        TimmEncoder("test_vit", files / "test_resnet.pth")


@pytest.mark.parametrize(
    ("model", "words"),
    [("test_vitt", "did you mean test_vit"), ("hf-hub:timm/test_vit", "without hf-hub:")],
)
def test_unknown_models_and_addresses_are_refused(files, model, words):
    with pytest.raises(SettingError, match=words):
        TimmEncoder(model, files / "test_vit.pth")


def test_no_connection_is_opened_and_no_random_number_drawn(monkeypatch, files):
    for name in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, name, lambda *args, **kwargs: pytest.fail(f"asked {args}"))
    monkeypatch.setattr(socket.socket, "connect", lambda *args: pytest.fail(f"asked {args}"))
    before = torch.random.get_rng_state()
    TimmEncoder("test_vit.r160_in1k", files / "test_vit.pth")
    assert torch.equal(torch.random.get_rng_state(), before)


def test_both_arguments_are_needed():
    with pytest.raises(SettingError, match=r"give model .* and checkpoint"):
        TimmEncoder("test_vit")
    assert TimmEncoder.missing() is not None
