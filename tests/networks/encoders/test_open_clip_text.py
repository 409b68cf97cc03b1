import socket

import open_clip
import pytest
import torch

from monai_ext.networks.encoders import OpenClipText
from tests.networks.encoders.clip_files import register, saved_model


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip")
    name = register(folder, "small-clip")
    return name, *saved_model(folder, name)


def test_vectors_are_open_clips(clip):
    name, model, path = clip
    texts = ["A gland.", "Tumour cells in stroma", "w " * 99]
    with torch.no_grad():
        wanted = model.encode_text(open_clip.get_tokenizer(name)(texts), normalize=True)
    encoder = OpenClipText(name, path)
    torch.testing.assert_close(encoder.encode(texts), wanted, atol=1e-6, rtol=1e-5)
    assert (encoder.encoder_id, encoder.embed_dim) == ("open_clip_text_small-clip", 24)
    assert encoder.aligned_with == ("open_clip_small-clip",)
    assert not any("visual" in key for key in encoder.state_dict())


def test_no_connection_is_opened(monkeypatch, clip):
    name, _, path = clip
    for attribute in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, attribute, lambda *args, **kwargs: pytest.fail(f"asked {args}"))
    monkeypatch.setattr(socket.socket, "connect", lambda *args: pytest.fail(f"asked {args}"))
    assert OpenClipText(name, path).encode(["gland"]).shape == (1, 24)


def test_tokenizer_has_a_stable_hash(clip):
    name, _, path = clip
    assert OpenClipText(name, path).tokenizer_hash == OpenClipText(name, path).tokenizer_hash
