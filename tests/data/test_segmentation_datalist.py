"""A datalist gives back what was written, from anywhere, and refuses what is not sound."""

import json
import shutil

import pytest

from monai_ext.data.segmentation_datalist import load_segmentation_datalist
from monai_ext.errors import CohortError
from monai_ext.testing.toy_masks import write_toy_masks


@pytest.fixture
def toy(tmp_path):
    return write_toy_masks(tmp_path / "toy")


def change(toy, edit):
    content = json.loads(toy.read_text())
    edit(content)
    toy.write_text(json.dumps(content))


def test_paths_are_relative_in_the_file_and_absolute_when_read(toy, tmp_path):
    text = toy.read_text()
    assert str(tmp_path) not in text
    moved = shutil.move(toy.parent, tmp_path / "moved")
    found = load_segmentation_datalist(moved / "datalist.json")
    assert [len(found.part(p)) for p in ("training", "unlabelled", "validation", "test")] == [
        3,
        4,
        2,
        2,
    ]
    assert found.training[0]["label"] == str(tmp_path / "moved/masks/training_0.png")
    assert found.class_names == ["background", "disc"]
    assert found.seed == 0


def test_the_hash_is_of_parts_and_patients_not_of_paths(toy, tmp_path):
    first = load_segmentation_datalist(toy).split_hash
    copied = shutil.copytree(toy.parent, tmp_path / "copied")
    assert load_segmentation_datalist(copied / "datalist.json").split_hash == first
    change(
        toy,
        lambda c: c["training"].append({**c["unlabelled"].pop(), "label": "masks/training_0.png"}),
    )
    assert load_segmentation_datalist(toy).split_hash != first


def share(content):
    content["test"][0]["patient"] = content["training"][0]["patient"]


def share_validation(content):
    content["validation"][0]["patient"] = content["unlabelled"][0]["patient"]


FAULTS = {
    "lacks label": lambda c: c["validation"][0].pop("label"),
    "lacks patient": lambda c: c["training"][0].update(patient=""),
    "'unlabelled_0' names a mask": lambda c: c["unlabelled"][0].update(
        label="masks/unlabelled_0.png"
    ),
    "slide 'training_0' is in training and test": lambda c: c["test"].append(c["training"][0]),
    "image": lambda c: c["unlabelled"][0].update(image=c["training"][0]["image"]),
    "no file": lambda c: c["test"][0].update(image="images/none.png"),
    "patient 'training-0' is in test and training": share,
    "is in training and validation": share_validation,
}


@pytest.mark.parametrize("message", FAULTS)
def test_each_fault_is_named(toy, message):
    change(toy, FAULTS[message])
    with pytest.raises(CohortError, match=message):
        load_segmentation_datalist(toy)


def test_a_published_test_part_may_share_patients_if_the_datalist_says_so(toy):
    change(toy, lambda c: (share(c), c.update(patients_shared="as published")))
    assert load_segmentation_datalist(toy).patients_shared == "as published"
    change(toy, share_validation)
    with pytest.raises(CohortError, match="is in training and validation"):
        load_segmentation_datalist(toy)


def test_all_faults_come_at_once(toy):
    change(toy, lambda c: (c["test"][0].update(image="x.png"), c["test"][1].update(image="y.png")))
    with pytest.raises(CohortError, match=r"2 problems:(.|\n)*x\.png(.|\n)*y\.png"):
        load_segmentation_datalist(toy)


@pytest.mark.parametrize(
    "text",
    ["no json", "[]", '{"class_names": ["a"], "training": [1]}', '{"class_names": ["a", "b"]}'],
)
def test_other_files_are_refused(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(CohortError, match=r"x\.json"):
        load_segmentation_datalist(tmp_path / "x.json")
