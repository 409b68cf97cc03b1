import gc
import weakref

import pytest
import torch

from monai_ext.errors import SettingError
from monai_ext.networks.encoders import (
    ConchText,
    CoOpPrompts,
    KeepText,
    TinyText,
    encoded_texts,
    text_registry,
)
from monai_ext.networks.encoders.bert_coop_prompts import BertCoOpPrompts
from monai_ext.networks.encoders.encoded_texts import encoded_texts as embed
from monai_ext.networks.encoders.minilm import MiniLML6, _packaged_folder

SENTENCES = [["white ground"], ["a red disc", "a round thing"]]
FLAT = ["white ground", "a red disc", "a round thing"]
TINY = {"preset": "tiny"}


@pytest.mark.parametrize(
    ("name", "encoder"), [("conch_v1_text", ConchText), ("keep_text", KeepText)]
)
def test_vectors_and_record_are_the_encoders(name, encoder):
    found, tower = embed(SENTENCES, name, TINY), encoder(preset="tiny")
    assert torch.equal(found.vectors, tower.encode(FLAT))
    assert found.counts == (1, 2)
    assert found.record["encoder_id"] == f"{name}_tiny"
    assert found.record["weight_hash"] == tower.weight_hash
    assert found.record["tokenizer_hash"] == tower.tokenizer_hash
    assert found.record["aligned_with"] == list(tower.aligned_with)
    assert (found.record["licence"], found.record["is_stand_in"]) == ("Apache-2.0", True)


def test_checkpoint_of_minilm_is_its_folder():
    found = embed([["a gland"]], "minilm_l6_v2", {"checkpoint": _packaged_folder()})
    torch.testing.assert_close(found.vectors, MiniLML6().encode(["a gland"]), atol=1e-6, rtol=0)
    with pytest.raises(SettingError, match="no MiniLM at /nowhere"):
        embed([["a gland"]], "minilm_l6_v2", {"checkpoint": "/nowhere"})


@pytest.mark.parametrize(
    ("name", "kind"), [("conch_v1_text", CoOpPrompts), ("keep_text", BertCoOpPrompts)]
)
def test_learned_words_are_put_into_the_encoders_tower(name, kind):
    found = embed(SENTENCES, name, TINY, coop_tokens=2, seed=5)
    assert isinstance(found.vectors, kind)
    assert found.vectors.ctx.shape[:2] == (1, 2)
    assert found.vectors().shape[0] == 3
    again, other = (embed(SENTENCES, name, TINY, coop_tokens=2, seed=s).vectors for s in (5, 6))
    assert torch.equal(found.vectors.ctx, again.ctx)
    assert not torch.equal(found.vectors.ctx, other.ctx)
    assert found.record["weight_hash"] == embed(SENTENCES, name, TINY).record["weight_hash"]


def test_tower_is_let_go_when_nothing_is_learned(monkeypatch):
    towers = []

    def built(name, **options):
        encoder = TinyText(**options) if name == "tiny_text" else KeepText(**options)
        towers.append(weakref.ref(encoder.backbone))
        return encoder

    monkeypatch.setattr("monai_ext.networks.encoders.encoded_texts.build_text_encoder", built)
    fixed = embed(SENTENCES, "keep_text", TINY)
    learned = embed(SENTENCES, "keep_text", TINY, coop_tokens=1)
    gc.collect()
    assert [tower() is None for tower in towers] == [True, False]
    assert fixed.vectors.grad_fn is None
    assert learned.vectors().requires_grad


def test_tower_without_a_place_for_words_is_refused():
    with pytest.raises(SettingError, match=r"coop_tokens=1 with tiny_text\. Rule: learned words"):
        embed(SENTENCES, "tiny_text", {}, coop_tokens=1)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("conch_v1_text", {"dim": 3}, "text encoder conch_v1_text has no option dim. Rule: one of"),
        ("tiny_text", {"checkpoint": "x", "a": 1}, "tiny_text has no option checkpoint, a. Rule"),
    ],
)
def test_options_that_an_encoder_lacks_are_named(name, options, message):
    with pytest.raises(SettingError, match=message):
        embed(SENTENCES, name, options)


def test_every_encoder_said_to_learn_words_is_registered():
    assert set(encoded_texts.COOP_ENCODERS) <= set(text_registry.TEXT_ENCODERS.names)
