"""What a segmentation run refuses, each in one line, and what it does not mind."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from tests.bundles.segmentation_runs import assert_same, edited, score, train, weights


def small_mask(toy):
    Image.fromarray(np.zeros((5, 5), np.uint8)).save(toy.parent / "masks" / "training_0.png")


def foreign_value(toy):
    Image.fromarray(np.full((48, 64), 7, np.uint8)).save(toy.parent / "masks" / "training_1.png")


def nothing_but_background(toy):
    for path in (toy.parent / "masks").glob("training_*"):
        Image.fromarray(np.zeros((48, 64), np.uint8)).save(path)


def white_for_disc(toy):
    path = toy.parent / "masks" / "training_0.png"
    Image.fromarray(np.asarray(Image.open(path)) * 255).save(path)


def sixteen_bit(toy):
    Image.fromarray(np.zeros((48, 64), np.uint16)).save(toy.parent / "images" / "training_0.png")


def see_through(toy):
    Image.fromarray(np.zeros((48, 64, 4), np.uint8)).save(toy.parent / "images" / "training_0.png")


def no_mask(toy):
    edited(toy, lambda c: c["training"][0].pop("label"))


def also_unlabelled(toy):
    def change(content):
        item = dict(content["training"][0])
        item.pop("label")
        content["unlabelled"].append(item)

    edited(toy, change)


def no_unlabelled(toy):
    edited(toy, lambda c: c["unlabelled"].clear())


def third_class(toy):
    edited(toy, lambda c: c["class_names"].append("third"))


BAD = {
    small_mask: "mask is 5 x 5 px, its image 64 x 48",
    foreign_value: "mask holds [7], the classes are 0 to 1",
    nothing_but_background: "show no pixel of disc",
    white_for_disc: "write 1 for disc",
    sixteen_bit: "has 16 bits a channel",
    see_through: "is transparent somewhere",
    no_mask: "'training_0' lacks label",
    also_unlabelled: "slide 'training_0' is in training and unlabelled",
    no_unlabelled: "has no unlabelled images",
    third_class: "prompts of toy describe 2 classes",
}


@pytest.mark.parametrize("spoil", BAD, ids=lambda f: f.__name__)
def test_bad_input_is_one_line(toy, prompts, tmp_path, spoil):
    spoil(toy)
    with pytest.raises(SystemExit) as stopped:
        train(toy, tmp_path / "run", prompts)
    assert BAD[spoil] in str(stopped.value)
    assert "Repair:" in str(stopped.value)
    first, *more = str(stopped.value).splitlines()
    assert not more or first.endswith("has 2 problems:")  # a slide and its image in two parts
    assert bool(more) == (spoil is also_unlabelled)
    assert not (tmp_path / "run" / "model.pt").exists()


def spoilt_mask(toy):
    small_mask(toy)
    foreign_value(toy)


def test_several_faults_come_in_one_list(toy, prompts, tmp_path):
    spoilt_mask(toy)
    with pytest.raises(SystemExit, match=r"has 2 problems:\n  - .*5 x 5 px.*\n  - .*holds \[7\]"):
        train(toy, tmp_path / "run", prompts)


def test_faults_of_test_images_are_one_line_too(toy, prompts, tmp_path):
    run = train(toy, tmp_path / "run", prompts)
    image, mask = (toy.parent / kind / "test_0.png" for kind in ("images", "masks"))
    whole = image.read_bytes(), mask.read_bytes()
    for path, pixels, message in (
        (mask, np.zeros((5, 5), np.uint8), "mask is 5 x 5 px"),
        (mask, np.full((48, 64), 7, np.uint8), "mask holds [7]"),
        (image, np.zeros((48, 64), np.uint16), "has 16 bits a channel"),
        (image, np.zeros((48, 64, 4), np.uint8), "is transparent somewhere"),
    ):
        Image.fromarray(pixels).save(path)
        with pytest.raises(SystemExit) as stopped:
            score(toy, run)
        assert message in str(stopped.value)
        assert "\n" not in str(stopped.value)
        image.write_bytes(whole[0])
        mask.write_bytes(whole[1])
    score(toy, run)


def test_an_opaque_fourth_channel_is_left_out(toy, prompts, tmp_path):
    plain = train(toy, tmp_path / "plain", prompts)
    path = toy.parent / "images" / "training_0.png"
    Image.open(path).convert("RGBA").save(path)
    assert_same(plain, train(toy, tmp_path / "again", prompts))


def test_an_image_of_one_pixel_is_no_problem(toy, prompts, tmp_path):
    Image.fromarray(np.zeros((1, 1, 3), np.uint8)).save(toy.parent / "images" / "unlabelled_0.png")
    Image.fromarray(np.zeros((1, 1, 3), np.uint8)).save(toy.parent / "images" / "training_0.png")
    Image.fromarray(np.zeros((1, 1), np.uint8)).save(toy.parent / "masks" / "training_0.png")
    run = train(toy, tmp_path / "run", prompts)
    assert all(torch.isfinite(v).all() for v in weights(run).values())


def test_unknown_ways_and_sets_are_one_line(toy, prompts, tmp_path):
    for given, message in (
        ({"ssl": "mixmatch"}, "ssl=mixmatch"),
        ({"prompt_set": "poetry"}, "poetry"),
        ({"selection": "worst"}, "selection=worst"),
        ({"prompts": str(tmp_path / "none.json")}, "none.json"),
        ({"datalist": str(tmp_path / "none.json")}, "does not exist"),
    ):
        with pytest.raises(SystemExit) as stopped:
            train(**{"datalist": toy, "output": tmp_path / "run", "prompts": prompts} | given)
        assert message in str(stopped.value)


def test_without_test_images_or_with_other_classes_scoring_says_so(toy, prompts, tmp_path):
    run = train(toy, tmp_path / "run", prompts)
    edited(toy, lambda c: c["class_names"].reverse())
    with pytest.raises(SystemExit, match=r"knows \['background', 'disc'\]"):
        score(toy, run)
    edited(toy, lambda c: (c["class_names"].reverse(), c["test"].clear()))
    with pytest.raises(SystemExit, match="has no test images"):
        score(toy, run)


def test_images_of_different_resolution_need_a_target(toy, prompts, tmp_path):
    edited(toy, lambda c: c["test"][0].update(mpp=0.25))
    with pytest.raises(SystemExit, match=r"different um a pixel \(0\.25, 0\.5\).*--target_mpp"):
        train(toy, tmp_path / "run", prompts)
    run = train(toy, tmp_path / "other", prompts, target_mpp=1.0)
    values = json.loads((run / "inference.json").read_text())
    assert (values["target_mpp"], values["roi_px"]) == (1.0, 32)


def test_a_test_image_without_resolution_is_one_line(toy, prompts, tmp_path):
    run = train(toy, tmp_path / "run", prompts, target_mpp=0.5)
    edited(toy, lambda c: c["test"][1].pop("mpp"))
    with pytest.raises(SystemExit, match=r"CohortError: .*test_1\.png has no mpp"):
        score(toy, run)
