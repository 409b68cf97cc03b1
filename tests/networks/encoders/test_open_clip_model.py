import socket

import pytest
import torch

from monai_ext.errors import SettingError
from monai_ext.networks.encoders.open_clip_model import embed_dim_of, load_open_clip
from tests.networks.encoders.clip_files import register, saved_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("clip")


def test_a_training_runs_file_is_loaded_strictly(folder):
    name = register(folder, "small-clip")
    model, path = saved_model(folder, name)
    torch.testing.assert_close(load_open_clip(name, path, "text").state_dict(), model.state_dict())
    assert embed_dim_of(name) == 24


def test_a_missing_tower_is_refused(folder):
    name = register(folder, "small-clip")
    model, _ = saved_model(folder, name)
    state = {key: value for key, value in model.state_dict().items() if key != "ln_final.bias"}
    torch.save(state, folder / "short.pt")
    with pytest.raises(SettingError, match=r"missing ln_final.bias.*quickgelu"):
        load_open_clip(name, folder / "short.pt", "image")


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ({"hf_model_name": "org/bert"}, "image"),
        ({"hf_tokenizer_name": "org/bert"}, "text"),
    ],
)
def test_models_that_need_the_hub_are_refused(monkeypatch, folder, text, side):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: pytest.fail("asked"))
    name = register(folder, f"hub-{side}", **text)
    with pytest.raises(SettingError, match="reads org/bert from the Hugging Face hub"):
        load_open_clip(name, folder / "any.pt", side)


def test_own_tokenizer_does_not_matter_to_images(folder):
    name = register(folder, "hub-words", hf_tokenizer_name="org/bert")
    _, path = saved_model(folder, name)
    assert load_open_clip(name, path, "image") is not None


@pytest.mark.parametrize(
    ("model", "words"),
    [("ViT-B32", "did you mean ViT-B-32"), ("hf-hub:org/clip", "without hf-hub:")],
)
def test_unknown_models_and_addresses_are_refused(model, words, tmp_path):
    with pytest.raises(SettingError, match=words):
        load_open_clip(model, tmp_path, "image")


def test_both_arguments_are_needed():
    with pytest.raises(SettingError, match=r"give model .* and checkpoint"):
        load_open_clip("ViT-B-32", None, "image")
