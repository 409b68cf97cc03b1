import pytest
import torch
from safetensors.torch import save_file

from monai_ext.errors import SettingError
from monai_ext.networks.encoders import TinyText
from monai_ext.networks.encoders.prompt_vectors import embed_prompts, write_prompt_vectors
from monai_ext.networks.encoders.text_source import (
    precomputed_texts,
    random_texts,
    texts_without_encoder,
)

NAMES = ["ground", "disc"]
SENTENCES = [["white ground"], ["a red disc", "a round thing"]]


@pytest.fixture
def path(tmp_path):
    vectors = embed_prompts(SENTENCES, NAMES, TinyText(embed_dim=6))
    return write_prompt_vectors(tmp_path / "v.safetensors", vectors)


def test_random_texts_are_unit_vectors_of_their_seed():
    first, again, other = (random_texts(SENTENCES, 64, seed) for seed in (0, 0, 1))
    assert first.vectors.shape == (3, 64)
    assert first.counts == (1, 2)
    torch.testing.assert_close(first.vectors.norm(dim=1), torch.ones(3))
    assert torch.equal(first.vectors, again.vectors)
    assert (first.vectors - other.vectors).abs().max() > 0.1
    assert first.record["text_hash"] != other.record["text_hash"]
    assert first.record["encoder_id"] == "random_64"


def test_random_texts_have_no_favoured_direction():
    vectors = random_texts([["x"] * 4000], 8, seed=3).vectors
    assert vectors.mean(dim=0).norm() < 3 * 4000**-0.5
    torch.testing.assert_close(vectors.T @ vectors / 4000, torch.eye(8) / 8, atol=0.01, rtol=0)


def test_rows_of_a_file_come_in_the_order_of_the_classes(path):
    found = precomputed_texts(path, SENTENCES[::-1], NAMES[::-1])
    wanted = TinyText(embed_dim=6).encode([*SENTENCES[1], *SENTENCES[0]])
    torch.testing.assert_close(found.vectors, wanted)
    assert found.counts == (2, 1)
    assert found.record["encoder_id"] == "tiny_text"
    assert found.record["licence"] == "Apache-2.0"
    assert found.record["weight_hash"] == TinyText(embed_dim=6).weight_hash
    assert "prompts" not in found.record


def test_vectors_of_other_sentences_are_refused(path):
    with pytest.raises(SettingError, match="are of other sentences on 'disc' than the prompts"):
        precomputed_texts(path, [SENTENCES[0], ["a red disc", "a square thing"]], NAMES)
    with pytest.raises(SettingError, match="are of other sentences on 'disc'"):
        precomputed_texts(path, SENTENCES, NAMES[::-1])


def test_file_without_sentences_is_taken_and_claims_none(tmp_path):
    save_file({"texts": torch.eye(3)}, tmp_path / "v", metadata={"classes": '["a", "b", "a"]'})
    found = precomputed_texts(tmp_path / "v", [["one"], ["two"]], ["b", "a"])
    assert torch.equal(found.vectors, torch.eye(3)[[1, 0, 2]])
    assert found.counts == (1, 2)
    assert found.record["prompts"] is None


@pytest.mark.parametrize(
    ("name", "class_names", "given", "message"),
    [
        ("random", None, {}, "random text prototypes with no option. Rule: random takes dim"),
        ("random", None, {"dim": 4, "preset": "tiny"}, "with dim, preset. Rule"),
        ("random", None, {"checkpoint": "f"}, "with checkpoint. Rule: random takes dim"),
        ("random", None, {"dim": 0}, "dim=0. Rule"),
        ("random", None, {"dim": True}, "dim=True. Rule"),
        ("random", None, {"dim": "8"}, "dim='8'. Rule"),
        ("precomputed", NAMES, {}, "precomputed takes checkpoint and nothing else"),
        ("precomputed", None, {"checkpoint": "f"}, "without class_names"),
    ],
)
def test_what_is_given_for_them_is_checked(name, class_names, given, message):
    with pytest.raises(SettingError, match=message) as caught:
        texts_without_encoder(name, SENTENCES, class_names, given, 0)
    assert "\n" not in str(caught.value)


def test_both_kinds_are_built(path):
    found = texts_without_encoder("random", SENTENCES, None, {"dim": 5}, 7)
    assert torch.equal(found.vectors, random_texts(SENTENCES, 5, 7).vectors)
    found = texts_without_encoder("precomputed", SENTENCES, NAMES, {"checkpoint": path}, 7)
    assert found.record["encoder_id"] == "tiny_text"
