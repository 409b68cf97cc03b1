"""Prompts are read whole or refused in one line."""

import copy
import json
import re
from pathlib import Path

import pytest

import monai_ext
from monai_ext.data.class_prompts import read_class_prompts
from monai_ext.errors import SettingError

ROOT = Path(monai_ext.__file__).resolve().parents[1]
GLANDS = ROOT / "bundles/pathology_mpamatch_segmentation/configs/priors/colon_gland.json"


def entry(text):
    return {"text": text, "source": "See: a book"}


TOY = {
    "task": "shapes",
    "title": "Shapes on a ground",
    "status": "not reviewed",
    "class_names": ["ground", "circle", "square"],
    "sets": {
        "plain": {
            "square": [entry("a square")],
            "ground": [entry("white\n ground"), entry("empty ground")],
            "circle": [entry("a circle")],
        },
        "rich": {
            "ground": [entry("nothing at all")],
            "circle": [entry("a red disc")],
            "square": [entry("a blue box"), entry("a square")],
        },
    },
}


def written(tmp_path, change=lambda found: None):
    found = copy.deepcopy(TOY)
    change(found)
    (tmp_path / "p.json").write_text(json.dumps(found))
    return tmp_path / "p.json"


def test_sentences_come_in_the_order_of_the_splits_classes(tmp_path):
    found = read_class_prompts(written(tmp_path))
    names = ["square", "ground", "circle"]
    assert found.sentences("plain", names) == [
        ["a square"],
        ["white ground", "empty ground"],
        ["a circle"],
    ]
    assert found.sentences("rich", names)[0] == ["a blue box", "a square"]
    assert (found.task, found.class_names) == ("shapes", ("ground", "circle", "square"))


def test_an_unknown_set_is_refused_and_the_sets_are_listed(tmp_path):
    found = read_class_prompts(written(tmp_path))
    with pytest.raises(SettingError, match=r"prompt_set='poor' .*Rule: one of plain, rich\."):
        found.sentences("poor", found.class_names)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["ground", "circle"], r"describe 3 classes .*square'\], the split has 2 \['ground', 'ci"),
        (["ground", "circle", "star"], r"the split has 3 \['ground', 'circle', 'star'\]"),
        (["ground", "circle", "circle"], r"the split has 3 "),
        (["ground", "circle", "square", "square"], r"the split has 4 "),
    ],
)
def test_other_classes_than_the_splits_are_refused(tmp_path, names, message):
    found = read_class_prompts(written(tmp_path))
    with pytest.raises(SettingError, match=message) as caught:
        found.sentences("plain", names)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f["sets"]["plain"].pop("circle"), r"set plain has no text of .*\['circle'\]"),
        (lambda f: f["sets"]["rich"].update(circle=[]), r"set rich has no text of .*\['circle'\]"),
        (
            lambda f: f["sets"]["rich"].update(star=[entry("a star")]),
            r"set rich has texts of no class: \['star'\]",
        ),
        (
            lambda f: f["sets"]["plain"]["ground"][1].update(text=" \n"),
            r"plain.ground 1 has no text",
        ),
        (lambda f: f["sets"]["plain"]["square"][0].pop("source"), r"plain.square 0 has no source"),
        (
            lambda f: f["sets"]["plain"]["ground"].append(entry("Empty  ground")),
            r"set plain says twice 'empty ground'",
        ),
        (
            lambda f: f["sets"]["rich"]["ground"].append(entry("A square")),
            r"set rich says twice 'a square'",
        ),
        (lambda f: f["sets"]["rich"].update(circle="a disc"), r"rich.circle is no list of texts"),
        (lambda f: f["sets"]["rich"].update(circle=5), r"rich.circle is no list of texts"),
        (lambda f: f["sets"]["rich"].update(circle=["a"]), r"rich.circle is no list of texts"),
        (lambda f: f["sets"].update(rich=[]), r"set rich does not map classes"),
        (lambda f: f.update(sets={}), "no sets"),
        (lambda f: f.update(class_names=["ground"]), "lists fewer than two classes"),
        (lambda f: f["class_names"].append("ground"), "name a class twice"),
        (lambda f: f.pop("class_names"), "no class_names"),
        (lambda f: f.update(class_names=[{}, {}]), "no class_names"),
        (lambda f: f.update(status=" "), "no status"),
    ],
)
def test_faults_are_named_in_one_line(tmp_path, change, message):
    with pytest.raises(SettingError, match=message) as caught:
        read_class_prompts(written(tmp_path, change))
    assert "\n" not in str(caught.value)


def test_all_faults_are_listed(tmp_path):
    def change(found):
        found["sets"]["plain"]["square"][0]["source"] = ""
        del found["sets"]["rich"]["ground"]

    with pytest.raises(SettingError, match=r"square 0 has no source; set rich has no text of"):
        read_class_prompts(written(tmp_path, change))


@pytest.mark.parametrize("content", ["{", None, "[1]"])
def test_what_is_no_prompts_file_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "p.json").write_text(content)
    with pytest.raises(SettingError, match=r"prompts .*p\.json") as caught:
        read_class_prompts(tmp_path / "p.json")
    assert "\n" not in str(caught.value)


def test_hash_is_of_the_words_and_not_of_their_sources(tmp_path):
    whole = read_class_prompts(written(tmp_path)).prompts_hash

    def hash_after(change):
        return read_class_prompts(written(tmp_path, change)).prompts_hash

    assert hash_after(lambda f: f["sets"]["rich"]["circle"][0].update(source="Read: x")) == whole
    assert hash_after(lambda f: f.update(status="reviewed")) == whole
    assert hash_after(lambda f: f["sets"]["rich"]["circle"][0].update(text="a ring")) != whole
    assert hash_after(lambda f: f["class_names"].reverse()) != whole


def test_the_bundles_prompts_are_sound():
    found = read_class_prompts(GLANDS)
    assert found.task == GLANDS.stem
    assert "not reviewed" in found.status
    for name in ("pathology", "generic"):
        assert all(4 <= len(texts) <= 6 for texts in found.sentences(name, ["background", "gland"]))
    ground = " ".join(found.sentences("pathology", ["background", "gland"])[0]).lower()
    assert not re.search("gland|crypt|epitheli", ground)  # a text encoder does not heed "no"
    sources = [each.source for chosen in found.sets.values() for c in chosen.values() for each in c]
    assert all(source.startswith(("Read: ", "See: ", "None: ")) for source in sources)
