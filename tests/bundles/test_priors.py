"""Text priors of the bundles: JSON files of sentences, found by glob."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

import monai_ext
from monai_ext.networks.encoders import build_text_encoder

ROOT = Path(monai_ext.__file__).resolve().parents[1]
FILES = sorted((ROOT / "bundles").glob("pathology_libra_mil_classification/configs/priors/*.json"))
KEYS = {"task", "title", "status", "class_names", "classes", "instances"}
ENTRY_KEYS = {"name", "description", "paraphrase", "source"}
SIDES = ("description", "paraphrase")
CLASS_NAMES = {
    "renal": ["KIRC", "KIRP", "KICH"],
    "lung": ["LUAD", "LUSC"],
    "lymph_node": ["normal", "metastasis"],
    "colon_gland": ["benign", "malignant"],
}
DIAGNOSIS = re.compile(r"carcinoma|cancer|metasta|malignan|benign|diagnos", re.IGNORECASE)


def read(file):
    return json.loads(file.read_text(encoding="utf-8"))


def entries(priors):
    return priors["classes"] + priors["instances"]


def words(text):
    return set(re.findall(r"[a-z]+", text.lower()))


def overlap(first, second):
    """Share of common words among all words of two texts."""
    return len(words(first) & words(second)) / len(words(first) | words(second))


@pytest.fixture(params=FILES, ids=lambda file: file.stem, scope="module")
def priors(request):
    return read(request.param)


@pytest.fixture(scope="module")
def minilm():
    return build_text_encoder("minilm_l6_v2")


@pytest.fixture(scope="module")
def similarity(priors, minilm):
    """Cosines [K, K]: row a paraphrase, column a description."""
    descriptions, paraphrases = (
        minilm.encode([entry[side] for entry in entries(priors)]) for side in SIDES
    )
    return paraphrases @ descriptions.T


def test_four_tasks_have_a_file_named_after_them():
    assert {read(file)["task"] for file in FILES} >= set(CLASS_NAMES)
    assert [read(file)["task"] for file in FILES] == [file.stem for file in FILES]


def test_file_has_the_keys_of_the_format_and_no_others(priors):
    assert set(priors) == KEYS
    assert [set(entry) for entry in entries(priors)] == [ENTRY_KEYS] * len(entries(priors))


def test_file_says_that_no_pathologist_reviewed_it(priors):
    assert priors["status"] == "not reviewed by a pathologist"


def test_every_class_has_one_sentence_under_its_exact_name(priors):
    assert [entry["name"] for entry in priors["classes"]] == priors["class_names"]
    assert priors["class_names"] == CLASS_NAMES.get(priors["task"], priors["class_names"])
    assert len(set(priors["class_names"])) == len(priors["class_names"]) >= 2


def test_number_of_instances_is_in_the_range_of_the_method(priors):
    assert 29 <= len(priors["instances"]) <= 46


def test_names_are_unique(priors):
    counts = Counter(entry["name"].lower() for entry in entries(priors))
    assert [name for name, count in counts.items() if count > 1] == []


def test_no_text_is_empty_untrimmed_or_outside_ascii(priors):
    texts = [priors["title"]] + [text for entry in entries(priors) for text in entry.values()]
    assert [t for t in texts if not t or t != " ".join(t.split()) or not t.isascii()] == []


def test_texts_are_one_or_two_sentences(priors):
    texts = [entry[side] for entry in entries(priors) for side in SIDES]
    assert [t for t in texts if not 8 <= len(t.split()) <= 45 or not t.endswith(".")] == []
    assert [t for t in texts if t.count(". ") > 1] == []


def test_description_and_paraphrase_differ_clearly(priors):
    pairs = [(entry["description"], entry["paraphrase"]) for entry in entries(priors)]
    assert [pair for pair in pairs if overlap(*pair) > 0.5] == []


def test_texts_of_different_entries_are_not_nearly_equal(priors):
    texts = [(k, entry[side]) for k, entry in enumerate(entries(priors)) for side in SIDES]
    close = [
        (first, second)
        for n, (i, first) in enumerate(texts)
        for j, second in texts[:n]
        if i != j and overlap(first, second) > 0.5
    ]
    assert close == []


def test_every_entry_says_whether_its_source_was_read(priors):
    sources = {entry["name"]: entry["source"] for entry in entries(priors)}
    pattern = re.compile(r"(Read|See|None): \S.{15,}")
    assert {name: s for name, s in sources.items() if not pattern.fullmatch(s)} == {}


def test_instances_describe_and_do_not_diagnose(priors):
    texts = [entry[key] for entry in priors["instances"] for key in ("name", *SIDES)]
    assert [text for text in texts if DIAGNOSIS.search(text)] == []


def test_paraphrase_is_nearer_to_its_description_than_to_the_average_other(priors, similarity):
    own = similarity.diagonal()
    others = (similarity.sum(dim=1) - own) / (len(own) - 1)
    far = [entry["name"] for entry, k in zip(entries(priors), own > others, strict=True) if not k]
    assert far == []


def test_most_paraphrases_retrieve_their_description(priors, similarity):
    nearest = similarity.argmax(dim=1).tolist()
    names = [entry["name"] for entry in entries(priors)]
    missed = [f"{names[k]} -> {names[n]}" for k, n in enumerate(nearest) if k != n]
    assert len(missed) <= 0.3 * len(names), missed
