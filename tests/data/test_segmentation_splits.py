"""More masks, the same parts: subsets of one split."""

import json

import numpy as np
import pytest
from PIL import Image

from monai_ext.data.segmentation_datalist import load_segmentation_datalist
from monai_ext.data.segmentation_splits import (
    SegmentationSplit,
    classes_shown,
    write_labelled_subsets,
)
from monai_ext.errors import CohortError
from monai_ext.testing.toy_masks import TOY_CLASSES, write_toy_masks


@pytest.fixture
def split(tmp_path):
    folder = tmp_path / "toy"
    found = load_segmentation_datalist(write_toy_masks(folder))
    both = [*found.training, *found.unlabelled]
    training = [
        {**i, "group": "ab"[k % 2], "label": str(folder / "masks" / f"{i['slide']}.png")}
        for k, i in enumerate(both)
    ]
    return SegmentationSplit("toy", training, found.validation, found.test, TOY_CLASSES)


def test_subsets_are_nested_and_the_other_parts_stay(split, tmp_path):
    paths = write_labelled_subsets(split, tmp_path / "lists", ratios=(0.2, 0.5, 1.0))
    assert [p.name for p in paths] == ["toy_020.json", "toy_050.json", "toy_100.json"]
    lists = [load_segmentation_datalist(p) for p in paths]
    labelled = [{i["slide"] for i in each.training} for each in lists]
    assert [len(each) for each in labelled] == [1, 4, 7]
    assert labelled[0] < labelled[1] < labelled[2]
    for each, names in zip(lists, labelled, strict=True):
        assert names | {i["slide"] for i in each.unlabelled} == {i["slide"] for i in split.training}
        assert each.test == lists[0].test
        assert each.validation == lists[0].validation


def test_an_unlabelled_item_tells_nothing_of_its_label(split, tmp_path):
    (path,) = write_labelled_subsets(split, tmp_path / "lists", ratios=(0.2,))
    content = json.loads(path.read_text())
    assert content["unlabelled"]
    assert all(set(i) == {"image", "slide", "patient", "mpp"} for i in content["unlabelled"])
    assert all("group" not in i for part in ("training", "test") for i in content[part])


def test_a_class_that_no_image_shows_is_refused(split, tmp_path):
    three = SegmentationSplit("toy", split.training, [], [], [*TOY_CLASSES, "third"])
    with pytest.raises(CohortError, match="no pixel of third"):
        write_labelled_subsets(three, tmp_path / "lists")
    assert classes_shown(split.training[0]["label"]) == [0, 1]


def test_pixels_that_do_not_count_show_no_class(tmp_path):
    Image.fromarray(np.array([[0, 255], [2, 2]], np.uint8)).save(tmp_path / "m.png")
    assert classes_shown(tmp_path / "m.png") == [0, 2]
