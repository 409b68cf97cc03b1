"""Priors are read whole or refused in one line."""

import json
from pathlib import Path

import pytest

import monai_ext
from monai_ext.data import read_text_priors
from monai_ext.errors import SettingError

TOY = Path(__file__).with_name("toy.json")
BUNDLED = Path(monai_ext.__file__).resolve().parents[1] / "bundles"
PRIORS = sorted(BUNDLED.glob("pathology_libra_mil_classification/configs/priors/*.json"))


def changed(tmp_path, change):
    found = json.loads(TOY.read_text())
    change(found)
    (tmp_path / "p.json").write_text(json.dumps(found))
    return tmp_path / "p.json"


def test_texts_come_in_the_order_of_the_file():
    found = read_text_priors(TOY)
    assert found.texts("description") == (
        ["a blue square", "a red circle", "empty white ground"],
        ["calm blue squares", "loud red circles"],
    )
    assert found.texts("paraphrase")[1] == ["squares, blue and calm", "circles, red and loud"]
    assert found.class_names == ("negative", "positive")
    with pytest.raises(SettingError, match=r"texts=title. Rule: a prior has two texts"):
        found.texts("title")


def test_hash_is_of_the_words_and_not_of_their_sources(tmp_path):
    whole = read_text_priors(TOY).priors_hash
    other = changed(tmp_path, lambda f: f["instances"][0].update(source="a book"))
    assert read_text_priors(other).priors_hash == whole
    other = changed(tmp_path, lambda f: f["instances"][0].update(paraphrase="one square"))
    assert read_text_priors(other).priors_hash != whole


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f["classes"][0].update(description=" "), r"class 0 \(negative\) has no descri"),
        (lambda f: f["instances"][2].pop("source"), r"instance 2 \(ground\) has no source"),
        (lambda f: f["instances"][2].update(description="A  blue square"), "comes twice: 'a blue"),
        (lambda f: f["instances"][2].update(name="circle"), "instance name comes twice: 'circle'"),
        (lambda f: f["classes"].pop(), r"classes without text: \['positive'\]"),
        (lambda f: f["class_names"].pop(), "lists fewer than two classes"),
        (lambda f: f["class_names"].reverse(), "are in different orders"),
        (lambda f: f.update(instances=f["instances"][:1]), "1 instances, at least 2 are needed"),
        (lambda f: f.pop("instances"), "no list of instance texts"),
        (lambda f: f.pop("status"), "no status"),
    ],
)
def test_faults_are_named_in_one_line(tmp_path, change, message):
    with pytest.raises(SettingError, match=message) as caught:
        read_text_priors(changed(tmp_path, change))
    assert "\n" not in str(caught.value)


def test_all_faults_are_listed(tmp_path):
    def change(found):
        found["instances"][0]["paraphrase"] = ""
        found["classes"][1]["source"] = ""

    with pytest.raises(SettingError, match=r"has no source; instance 0 \(square\) has no paraph"):
        read_text_priors(changed(tmp_path, change))


@pytest.mark.parametrize("content", ["{", None, "[1]"])
def test_what_is_no_json_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "p.json").write_text(content)
    with pytest.raises(SettingError, match=r"priors .*p\.json"):
        read_text_priors(tmp_path / "p.json")


def test_there_are_bundled_priors():
    assert len(PRIORS) >= 4


@pytest.mark.parametrize("path", PRIORS, ids=lambda path: path.stem)
def test_bundled_priors_are_sound(path):
    found = read_text_priors(path, min_instances=29)
    assert found.task == path.stem
    assert len(found.instances) <= 46
