"""Reference: means and maxima written out in numpy, float64."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import monai_ext
from monai_ext.data.class_prompts import read_class_prompts
from monai_ext.errors import SettingError
from monai_ext.networks.encoders import ConchText, MiniLML6
from monai_ext.networks.encoders.prompt_vectors import embed_prompts, write_prompt_vectors
from monai_ext.networks.encoders.text_prototypes import TextPrototypes, build_text_prototypes

COUNTS = [2, 1, 3]
SENTENCES = [["white ground"], ["a red disc", "a round thing"]]
TINY = {"preset": "tiny"}
ROOT = Path(monai_ext.__file__).resolve().parents[1]
GLANDS = ROOT / "bundles/pathology_mpamatch_segmentation/configs/priors/colon_gland.json"
TILES = ROOT / "bundles/pathology_libra_mil_classification/configs/priors/colon_gland.json"
BACKGROUND = (
    "lamina propria",
    "muscularis propria",
    "subserosal fat",
    "desmoplastic stroma around glands",
    "plasma cells and eosinophils in stroma",
    "luminal mucus and debris",
    "white lumen or glass",
)
GLAND = (
    "round crypts in cross-section",
    "goblet cells",
    "adenomatous tubules",
    "crowded glands with loss of polarity",
    "irregular fused glands",
    "cribriform glands of the bowel",
    "dirty necrosis in lumens",
)


@pytest.fixture
def vectors():
    return torch.randn(6, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 3


def groups(vectors):
    unit = vectors.numpy() / np.linalg.norm(vectors.numpy(), axis=1, keepdims=True)
    return np.split(unit, np.cumsum(COUNTS)[:-1])


class Learned(nn.Module):
    def __init__(self, vectors):
        super().__init__()
        self.ctx = nn.Parameter(vectors.clone())

    def forward(self):
        return self.ctx


def test_mean_is_of_unit_vectors_and_a_unit_vector(vectors):
    found = TextPrototypes(vectors, COUNTS)()
    means = np.stack([own.mean(axis=0) for own in groups(vectors)])
    wanted = means / np.linalg.norm(means, axis=1, keepdims=True)
    assert found.shape == (3, 1, 5)
    np.testing.assert_allclose(found[:, 0].numpy(), wanted, rtol=1e-12)


def test_nearest_of_max_is_the_nearest_sentence_of_the_class(vectors):
    found = TextPrototypes(vectors, COUNTS, text_agg="max")()
    assert found.shape == (3, 3, 5)
    pixels = np.random.default_rng(0).normal(size=(50, 5))
    wanted = np.stack([(pixels @ own.T).max(axis=1) for own in groups(vectors)], axis=1)
    nearest = np.einsum("nd,cmd->ncm", pixels, found.numpy()).max(axis=2)
    np.testing.assert_allclose(nearest, wanted, rtol=1e-12)
    np.testing.assert_allclose(found[1].numpy(), np.repeat(groups(vectors)[1], 3, axis=0))
    assert torch.equal(found[0, 2], found[0, 0])  # the first is repeated


def test_fixed_vectors_are_no_parameters_but_are_stored(vectors):
    prototypes = TextPrototypes(vectors, COUNTS)
    assert not list(prototypes.parameters())
    assert set(prototypes.state_dict()) == {"vectors"}
    other = TextPrototypes(torch.ones_like(vectors), COUNTS)
    other.load_state_dict(prototypes.state_dict())
    assert torch.equal(other(), prototypes())
    vectors.zero_()  # a copy was taken
    assert prototypes().abs().sum() > 1
    assert (prototypes.dim, prototypes.num_classes) == (5, 3)


@pytest.mark.parametrize("text_agg", ["mean", "max"])
def test_learned_vectors_get_the_gradient(vectors, text_agg):
    learned = Learned(vectors)
    prototypes = TextPrototypes(learned, COUNTS, text_agg=text_agg)
    assert set(prototypes.state_dict()) == {"prompts.ctx"}
    weights = torch.linspace(-1, 1, 5, dtype=torch.float64)
    (prototypes() @ weights)[1].sum().backward()
    moved = learned.ctx.grad.abs().amax(dim=1) > 0
    assert moved.tolist() == [False, False, True, False, False, False]
    assert torch.equal(prototypes(), TextPrototypes(vectors, COUNTS, text_agg=text_agg)())


@pytest.mark.parametrize(
    ("counts", "text_agg", "error", "message"),
    [
        (COUNTS, "median", SettingError, "text_agg='median'. Rule: one of mean, max"),
        ([3, 0, 3], "mean", SettingError, r"sentences a class: \[3, 0, 3\]"),
        ([], "mean", SettingError, r"sentences a class: \[\]"),
        ([2, 3], "mean", ValueError, "6 vectors, the classes have 5 sentences"),
    ],
)
def test_what_does_not_fit_is_refused(vectors, counts, text_agg, error, message):
    with pytest.raises(error, match=message):
        TextPrototypes(vectors, counts, text_agg=text_agg)


def test_short_names_stand_for_registered_encoders():
    found = build_text_prototypes(SENTENCES, "conch", options=TINY, text_agg="max")
    wanted = ConchText(preset="tiny").encode([*SENTENCES[0], *SENTENCES[0], *SENTENCES[1]])
    torch.testing.assert_close(found().flatten(0, 1), wanted, atol=1e-6, rtol=0)
    assert found.dim == 32
    assert not list(found.children())
    keep = build_text_prototypes(SENTENCES, "keep", options=TINY)
    assert keep.record["encoder_id"] == "keep_text_tiny"
    assert keep.record["encoder"] == "keep_text"


@pytest.mark.parametrize("encoder", ["conch", "keep"])
def test_learned_words_train_and_move_the_prototypes(encoder):
    found = build_text_prototypes(SENTENCES, encoder, options=TINY, coop_tokens=1, seed=3)
    assert [name for name, _ in found.named_parameters()] == ["prompts.ctx"]
    other = build_text_prototypes(SENTENCES, encoder, options=TINY, coop_tokens=1, seed=4)
    before = found().detach()
    assert not torch.equal(before, other())
    (-found()[1, 0, 0]).backward()
    torch.optim.SGD(found.parameters(), lr=1e-3).step()
    assert found()[1, 0, 0] > before[1, 0, 0]
    assert found.double()().dtype == torch.float64  # the frozen tower comes along


def test_random_is_of_the_seed_and_as_many_as_the_sentences():
    build = [
        build_text_prototypes(SENTENCES, "random", options={"dim": 7}, text_agg="max", seed=s)
        for s in (0, 0, 1)
    ]
    assert build[0]().shape == (2, 2, 7)
    assert torch.equal(build[0](), build[1]())
    assert not torch.equal(build[0](), build[2]())
    assert (build[0].record["encoder"], build[0].record["seed"]) == ("random", 0)


def test_precomputed_equals_the_encoder_that_wrote_it(tmp_path):
    names = ["ground", "disc"]
    vectors = embed_prompts(SENTENCES, names, ConchText(preset="tiny"))
    path = write_prompt_vectors(tmp_path / "v.safetensors", vectors)
    turned = {"class_names": names[::-1], "checkpoint": path}
    found = build_text_prototypes(SENTENCES[::-1], "precomputed", **turned)
    wanted = build_text_prototypes(SENTENCES[::-1], "conch", options=TINY)
    torch.testing.assert_close(found(), wanted(), atol=1e-6, rtol=0)
    assert found.record["prompts"] == {"disc": SENTENCES[1], "ground": SENTENCES[0]}


def test_record_is_plain_and_says_what_was_used():
    names = ["ground", "disc"]
    given = {"options": TINY, "class_names": names, "coop_tokens": 2, "text_agg": "max"}
    record = build_text_prototypes(SENTENCES, "keep", seed=4, **given).record
    assert json.loads(json.dumps(record)) == record
    assert record["prompts"] == dict(zip(names, SENTENCES, strict=True))
    assert (record["coop_tokens"], record["text_agg"], record["seed"]) == (2, "max", 4)
    assert {"encoder_id", "weight_hash", "licence", "text_hash"} <= set(record)


@pytest.mark.parametrize(
    ("encoder", "given", "message"),
    [
        ("conhc", {}, "text encoder 'conhc' is not registered.*random, precomputed"),
        ("open_clip_text", {"coop_tokens": 1}, "coop_tokens=1 with open_clip_text. Rule"),
        ("tiny_text", {"coop_tokens": 1}, "coop_tokens=1 with tiny_text. Rule"),
        ("random", {"coop_tokens": 1, "options": {"dim": 4}}, "coop_tokens=1 with random. Rule"),
        ("precomputed", {"coop_tokens": 2, "checkpoint": "f"}, "coop_tokens=2 with precomputed"),
        ("keep", {"coop_tokens": -1, "options": TINY}, "coop_tokens=-1 with keep_text. Rule: 0,"),
        ("keep", {"coop_tokens": 62, "options": TINY}, "n_ctx=62. Rule: 1 to 61"),
        ("conch", {"checkpoint": "/nowhere"}, "/nowhere"),
        ("random", {}, "random text prototypes with no option"),
        ("keep", {"text_agg": "sum"}, "text_agg='sum'"),  # before weights are looked for
        ("keep", {"class_names": ["a"], "options": TINY}, r"class_names \['a'\] for 2 lists"),
        ("keep", {"class_names": ["a", "b", "b"], "options": TINY}, "for 2 lists of sentences"),
        ("keep", {"class_names": ["a", "a"], "options": TINY}, r"class_names \['a', 'a'\] for 2"),
    ],
)
def test_what_cannot_be_built_is_said_in_one_line(encoder, given, message):
    with pytest.raises(SettingError, match=message) as caught:
        build_text_prototypes(SENTENCES, encoder, **given)
    assert "\n" not in str(caught.value)


def test_class_without_a_sentence_is_refused():
    with pytest.raises(SettingError, match=r"sentences a class: \[1, 0\]"):
        build_text_prototypes([["ground"], []], "random", options={"dim": 4})


def test_other_peoples_sentences_are_nearest_to_the_prototype_of_their_class():
    entries = json.loads(TILES.read_text(encoding="utf-8"))["instances"]
    described = {each["name"]: each["description"] for each in entries}
    texts = MiniLML6().encode([described[name] for name in (*BACKGROUND, *GLAND)])
    is_gland = torch.arange(len(texts)) >= len(BACKGROUND)
    right = {}
    for prompt_set in ("pathology", "generic"):
        sentences = read_class_prompts(GLANDS).sentences(prompt_set, ["background", "gland"])
        prototypes = build_text_prototypes(sentences, "minilm")()[:, 0]
        right[prompt_set] = ((texts @ prototypes.T).argmax(dim=1) == is_gland).float()
    assert right["pathology"][is_gland].mean() > 0.8
    assert right["pathology"][~is_gland].mean() > 0.8
    assert right["generic"].mean() < right["pathology"].mean() - 0.2
