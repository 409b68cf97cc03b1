"""What a run starts from: sound, or one plain line."""

import json

import pytest
import torch

from monai_ext.data.segmentation_datalist import SEGMENTATION_PARTS
from monai_ext.engines.segmentation_loading import (
    check_ssl,
    load_segmentation_split,
    load_text_prototypes,
    network_mpp,
)
from monai_ext.testing.toy_masks import write_toy_masks
from monai_ext.testing.zoo.toy_inputs import TOY_PROMPTS

CLASSES = ["background", "disc"]
RANDOM = {"text_encoder": "random", "text_options": {"dim": 8}}


@pytest.fixture
def toy(tmp_path):
    return write_toy_masks(tmp_path)


def test_a_split_is_read_and_a_missing_or_bad_one_is_one_line(toy, tmp_path):
    assert load_segmentation_split(toy).class_names == CLASSES
    with pytest.raises(SystemExit, match="datalist None does not exist"):
        load_segmentation_split("")
    toy.write_text("{}")
    with pytest.raises(SystemExit, match=r"CohortError: .*no segmentation datalist"):
        load_segmentation_split(toy, tmp_path / "run")
    assert "Traceback" in (tmp_path / "run" / "error.log").read_text()


def test_the_resolution_is_the_images_own_and_a_missing_one_is_warned_of(toy, caplog):
    assert network_mpp(load_segmentation_split(toy), None) == 0.5
    assert network_mpp(load_segmentation_split(toy), 1) == 1.0
    assert not caplog.records
    content = json.loads(toy.read_text())
    for item in (item for part in SEGMENTATION_PARTS for item in content[part]):
        del item["mpp"]
    toy.write_text(json.dumps(content))
    assert network_mpp(load_segmentation_split(toy), None) is None
    assert "segmenting slides will ask for --target_mpp" in caplog.text


def test_a_way_of_training_needs_its_images(toy):
    split = load_segmentation_split(toy)
    assert check_ssl("mpamatch", split) == "mpamatch"
    with pytest.raises(SystemExit, match=r"ssl=mix.*supervised, fixmatch, unimatch, mpamatch"):
        check_ssl("mix", split)
    content = json.loads(toy.read_text()) | {"unlabelled": []}
    toy.write_text(json.dumps(content))
    bare = load_segmentation_split(toy)
    assert check_ssl("supervised", bare) == "supervised"
    with pytest.raises(SystemExit, match="has no unlabelled images"):
        check_ssl("fixmatch", bare)


def test_texts_are_read_for_mpamatch_alone():
    found = load_text_prototypes(TOY_PROMPTS, CLASSES, ssl="mpamatch", **RANDOM)
    assert found().shape == (2, 1, 8)
    torch.testing.assert_close(found().norm(dim=-1), torch.ones(2, 1))
    assert load_text_prototypes("nowhere.json", CLASSES, ssl="unimatch") is None
    off = load_text_prototypes("nowhere.json", CLASSES, ssl="mpamatch", use_txt_proto="false")
    assert off is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"prompts": None}, "no prompts"),
        ({"prompts": "nowhere.json"}, "nowhere.json"),
        ({"class_names": ["background", "disc", "third"]}, "third"),
        ({"prompt_set": "poetry"}, "poetry"),
        ({"text_encoder": "babel"}, "babel"),
    ],
)
def test_texts_that_do_not_fit_are_one_line(given, message):
    values = {"prompts": TOY_PROMPTS, "class_names": CLASSES, "ssl": "mpamatch"} | RANDOM | given
    with pytest.raises(SystemExit) as stopped:
        load_text_prototypes(**values)
    assert message in str(stopped.value)
    assert "Repair:" in str(stopped.value)
