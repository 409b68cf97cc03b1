"""What a run of texts starts from, and what an evaluation may exchange."""

import logging
from types import SimpleNamespace

import pytest
import torch

from monai_ext.data import embed_file, read_text_embeddings
from monai_ext.engines import (
    TextAtTest,
    alignment_warning,
    fit_vision_prototypes,
    load_texts,
    start_from_texts,
)
from monai_ext.errors import SettingError
from monai_ext.networks import LibraMIL
from monai_ext.ops.bag_layout import pack_bag
from monai_ext.testing.toy_cohort import write_toy_features
from tests.data.test_text_priors import TOY


@pytest.fixture
def path(tmp_path):
    return embed_file(TOY, "tiny_text", tmp_path / "t.safetensors", options={"embed_dim": 12})


@pytest.fixture
def texts(path):
    return read_text_embeddings(path)


def build(**switches):
    torch.manual_seed(0)  # noqa: TID251
    return LibraMIL(
        4, 2, num_vision_prototypes=2, num_text_prototypes=3, text_dim=12, hidden_dim=16, **switches
    )


def test_texts_are_loaded_for_the_splits_classes(path, texts, tmp_path):
    found = load_texts(path, ["positive", "negative"])
    assert torch.equal(found.classes, texts.classes.flip(0))
    swapped = load_texts(str(path), ["negative", "positive"], control="swapped")
    assert torch.equal(swapped.classes, texts.classes.flip(0))
    again = load_texts(path, ["negative", "positive"], control="paraphrased", paraphrased=path)
    assert again.text_hash == texts.text_hash
    for given, message in (
        ({"text": None}, r"SettingError: no text embeddings.*embed-text"),
        ({"class_names": ["a", "b"]}, "the split has"),
        ({"text_encoder": "minilm_l6_v2"}, "expected minilm_l6_v2"),
        ({"control": "random", "control_seed": "x"}, "text_control_seed=x"),
    ):
        with pytest.raises(SystemExit, match=message) as caught:
            load_texts(**{"text": path, "class_names": ["negative", "positive"], **given})
        assert "\n" not in str(caught.value)


def test_network_starts_from_the_texts_with_a_warning_where_spaces_differ(texts, tmp_path, caplog):
    write_toy_features(tmp_path, "s", signal=0.0, seed=0)
    file = next(tmp_path.rglob("s.h5"))
    net = build()
    with caplog.at_level(logging.WARNING):
        start_from_texts(net, texts, [file])
    assert torch.equal(net.text_bank, texts.instances)
    assert torch.equal(net.bag_query, texts.classes)
    assert (
        "tiny_text share their space with no image encoder, the features are toy's" in caplog.text
    )


def test_aligned_encoders_give_no_warning(texts):
    from dataclasses import replace

    aligned = replace(texts, aligned_with=("conch_v1_contrast",))
    assert alignment_warning(aligned, "conch_v1_contrast") == ""
    assert "share their space with conch_v1_contrast" in alignment_warning(aligned, "uni_v1")


def clouds(rng, centres):
    """Two bags, level 0 around two far centres, level 1 elsewhere."""
    bags = []
    for centre in centres:
        features = torch.tensor(centre) + 0.1 * torch.randn(30, 4, generator=rng)
        level = torch.arange(30) % 3 == 0
        features[level] = 1e6
        bags.append(pack_bag(features, level.long(), torch.arange(30), torch.zeros(30)))
    return bags


@pytest.mark.parametrize("use_proj", [True, False])
def test_kmeans_finds_the_clusters_of_the_level_read(rng, use_proj):
    centres = [[5.0, 0.0, 0.0, 1.0], [-5.0, 2.0, 0.0, 1.0]]
    switches = {} if use_proj else {"use_proj": False}
    torch.manual_seed(0)  # noqa: TID251
    net = LibraMIL(
        4, 2, num_vision_prototypes=2, num_text_prototypes=3, text_dim=4, hidden_dim=16,
        num_heads=2, **switches,
    )  # fmt: skip
    if use_proj:
        net.embed.embed.set_statistics(torch.full((4,), 1.0), torch.full((4,), 2.0))
    bags = clouds(rng, centres)
    fit_vision_prototypes(net, iter(bags), seed=0, tiles_per_slide=15)
    expected = net.embed.standardized(torch.tensor(centres))
    found = net.vision_bank.detach()
    near = torch.cdist(expected, found).min(1)
    assert near.values.max() < 0.2
    assert sorted(near.indices.tolist()) == [0, 1]
    before = found.clone()
    fit_vision_prototypes(net, iter(bags), seed=0, tiles_per_slide=15)
    assert torch.equal(net.vision_bank, before)


def test_fewer_tiles_than_prototypes_are_refused(rng):
    with pytest.raises(SettingError, match="1 training tiles for 2 visual prototypes"):
        fit_vision_prototypes(
            build(), clouds(rng, [[0.0, 0.0, 0.0, 0.0]]), seed=0, tiles_per_slide=1
        )


def test_without_visual_prototypes_there_is_nothing_to_fit():
    net = build(vision_prototypes=False)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    fit_vision_prototypes(net, [], seed=0, tiles_per_slide=1)
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name]), name


def record(texts, **values):
    return lambda: SimpleNamespace(extra={"values": {"text_record": texts.record, **values}})


def test_texts_of_the_training_are_left_as_learnt(texts):
    net = build()
    before = net.bag_query.detach().clone()
    TextAtTest(net, texts, record(texts))()
    assert torch.equal(net.bag_query, before)


def test_other_texts_replace_frozen_banks(texts):
    from monai_ext.data import controlled_texts

    net, other = build(), controlled_texts(texts, "random", seed=0)
    frozen = {"freeze_text_bank": True, "freeze_bag_query": "True"}
    TextAtTest(net, other, record(texts, **frozen))()
    assert torch.equal(net.bag_query, other.classes)
    assert torch.equal(net.text_bank, other.instances)
    with pytest.raises(SettingError, match="train with --freeze_text_bank True --freeze_bag_query"):
        TextAtTest(net, other, record(texts))()
    learnt = build(bag_query="learnable")
    with pytest.raises(SettingError, match="train with --freeze_text_bank True\\."):
        TextAtTest(learnt, other, record(texts, freeze_bag_query=False))()
