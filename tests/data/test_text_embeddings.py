"""Embedded texts survive the disk, and what does not fit is refused in one line."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from monai_ext.data import (
    controlled_texts,
    embed_file,
    read_text_embeddings,
    write_text_embeddings,
)
from monai_ext.errors import SettingError
from monai_ext.networks.encoders.prompt_vectors import read_prompt_vectors
from monai_ext.networks.encoders.text_registry import build_text_encoder
from tests.data.test_text_priors import TOY


@pytest.fixture
def path(tmp_path):
    return embed_file(TOY, "tiny_text", tmp_path / "t.safetensors", options={"embed_dim": 12})


@pytest.fixture
def texts(path):
    return read_text_embeddings(path)


def test_embedding_is_the_encoders_with_names_and_origin(texts):
    tower = build_text_encoder("tiny_text", embed_dim=12)
    torch.testing.assert_close(texts.classes[1:], tower.encode(["loud red circles"]))
    torch.testing.assert_close(texts.instances[:1], tower.encode(["a blue square"]))
    assert texts.instance_names == ("square", "circle", "ground")
    assert (texts.task, texts.encoder_id, texts.texts) == ("toy", "tiny_text", "description")
    assert texts.weight_hash == tower.weight_hash
    assert (texts.num_instances, texts.dim, texts.aligned_with) == (3, 12, ())
    assert texts.record["text_hash"] == texts.text_hash
    assert "instances" not in texts.record


def test_writing_and_reading_give_the_same(texts, tmp_path):
    kept = replace(texts, aligned_with=("conch_v1", 'a "quoted" one'))
    again = read_text_embeddings(write_text_embeddings(tmp_path / "again.safetensors", kept))
    assert torch.equal(again.instances, texts.instances)
    assert again.record == kept.record


def test_paraphrases_are_other_vectors_under_the_same_names(texts, tmp_path):
    path = embed_file(
        TOY, "tiny_text", tmp_path / "p", texts="paraphrase", options={"embed_dim": 12}
    )
    other = read_text_embeddings(path)
    assert other.texts == "paraphrase"
    assert other.instance_names == texts.instance_names
    assert (other.classes - texts.classes).abs().max() > 0.01


def test_prompts_are_embedded_for_precomputed_text_prototypes(tmp_path):
    prompts = {"task": "t", "title": "T", "status": "s", "class_names": ["ground", "disc"]}
    prompts["sets"] = {
        title: {name: [{"text": f"{title} {name}", "source": "x"}] for name in ("ground", "disc")}
        for title in ("pathology", "generic")
    }
    (tmp_path / "p.json").write_text(json.dumps(prompts))
    tower = build_text_encoder("tiny_text", embed_dim=12)
    for texts, title in (("", "pathology"), ("generic", "generic")):
        target = tmp_path / f"{title}.safetensors"
        given = {"texts": texts, "options": {"embed_dim": 12}}
        found = read_prompt_vectors(embed_file(tmp_path / "p.json", "tiny_text", target, **given))
        assert found.sentences == (f"{title} ground", f"{title} disc")
        torch.testing.assert_close(found.texts, tower.encode(list(found.sentences)))
        assert (found.classes, found.encoder_id) == (("ground", "disc"), "tiny_text")
    with pytest.raises(SettingError, match="poetic"):
        embed_file(tmp_path / "p.json", "tiny_text", tmp_path / "x", texts="poetic")


def test_classes_come_in_the_splits_order(texts):
    turned = texts.for_classes(["positive", "negative"])
    assert torch.equal(turned.classes, texts.classes.flip(0))
    assert turned.class_names == ("positive", "negative")
    assert turned.text_hash != texts.text_hash
    with pytest.raises(SettingError, match=r"classes \['negative', 'positive'\], the split has"):
        texts.for_classes(["benign", "malignant"])


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ({"encoder_id": "minilm_l6_v2"}, "have text encoder tiny_text, expected minilm_l6_v2"),
        ({"dim": 384}, "have width 12, expected 384"),
        ({"num_instances": 46}, "have number of instance texts 3, expected 46"),
    ],
)
def test_texts_of_another_run_are_refused(path, expected, message):
    with pytest.raises(SettingError, match=message) as caught:
        read_text_embeddings(path, **expected)
    assert "\n" not in str(caught.value)


def test_a_missing_file_says_how_to_make_it(tmp_path):
    with pytest.raises(SettingError, match=r"text is empty.*embed-text --priors FILE"):
        read_text_embeddings(None)
    with pytest.raises(SettingError, match=r"no text embeddings .*absent.*embed-text"):
        read_text_embeddings(tmp_path / "absent")


def test_other_files_are_refused(tmp_path, texts):
    (tmp_path / "junk").write_bytes(b"junk")
    save_file({"instances": texts.instances}, tmp_path / "half", metadata={"version": "1"})
    both = {"instances": texts.instances, "classes": texts.classes}
    save_file(both, tmp_path / "later", metadata={"version": "2"})
    for name in ("junk", "half", "later"):
        with pytest.raises(SettingError, match=f"{name} cannot be read") as caught:
            read_text_embeddings(tmp_path / name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: {"instances": 2 * t.instances}, "instances are not unit vectors"),
        (lambda t: {"classes": t.classes.double()}, "classes are torch.float64"),
        (lambda t: {"classes": t.classes[:1]}, "1 classes have 2 names"),
        (lambda t: {"classes": torch.eye(5)[:2]}, "different widths"),
        (lambda t: {"instances": t.instances * torch.nan}, "instances are not unit vectors"),
    ],
)
def test_unsound_vectors_are_not_written(texts, tmp_path, change, message):
    with pytest.raises(SettingError, match=message):
        write_text_embeddings(tmp_path / "x", replace(texts, **change(texts)))
    assert not (tmp_path / "x").exists()


def test_unknown_encoders_are_refused():
    with pytest.raises(SettingError, match="tiny_txt"):
        embed_file(TOY, "tiny_txt", "unused")


def test_swapped_classes_have_each_others_text(texts):
    found = controlled_texts(texts, "swapped", seed=0)
    assert torch.equal(found.classes, texts.classes.flip(0))
    assert torch.equal(found.instances, texts.instances)
    assert found.class_names == texts.class_names


def test_shuffled_vectors_keep_values_and_angles_and_lose_their_place(texts):
    found = controlled_texts(texts, "shuffled", seed=1)
    both, before = (torch.cat([t.instances, t.classes]) for t in (found, texts))
    torch.testing.assert_close(both @ both.T, before @ before.T)
    assert torch.equal(both.sort(1).values, before.sort(1).values)
    assert (both - before).abs().amax(1).min() > 0.01
    again, other = (controlled_texts(texts, "shuffled", seed=seed) for seed in (1, 2))
    assert again.text_hash == found.text_hash != other.text_hash


def test_random_vectors_are_unit_and_seeded(texts):
    found = controlled_texts(texts, "random", seed=1)
    torch.testing.assert_close(found.instances.norm(dim=1), torch.ones(3))
    assert (found.classes - texts.classes).abs().amax(1).min() > 0.01
    assert (found.classes[0] - found.instances[0]).abs().max() > 0.01
    assert controlled_texts(texts, "random", seed=1).text_hash == found.text_hash
    assert controlled_texts(texts, "random", seed=2).text_hash != found.text_hash


def test_paraphrased_texts_are_the_second_file_in_the_splits_order(texts):
    second = replace(texts, classes=texts.classes.flip(0), class_names=("positive", "negative"))
    found = controlled_texts(texts, "paraphrased", seed=0, paraphrased=second)
    assert torch.equal(found.classes, texts.classes)
    with pytest.raises(SettingError, match="paraphrased without paraphrases"):
        controlled_texts(texts, "paraphrased", seed=0)
    for other in ({"encoder_id": "another"}, {"instance_names": ("a", "b", "c")}):
        with pytest.raises(SettingError, match="do not belong to the texts of toy"):
            controlled_texts(texts, "paraphrased", seed=0, paraphrased=replace(second, **other))


def test_no_control_is_the_texts_themselves_and_other_words_are_refused(texts):
    assert controlled_texts(texts, "none", seed=0) is texts
    with pytest.raises(SettingError, match="text_control=mixed"):
        controlled_texts(texts, "mixed", seed=0)
