"""Every task has its control by name, and controls differ from tasks in the one thing."""

import pytest
import torch

from monai_ext.experiments.planted_tasks import PlantedSizes, planted_tasks
from monai_ext.experiments.planted_text import TextBagPlan, text_world
from monai_ext.ops.bag_layout import unpack_bag

SIZES = PlantedSizes(
    training=4,
    test=6,
    contiguous={"side": 7, "width": 3, "lesion": 6, "shift": 20.0},
    isolated={"side": 5, "width": 3, "shift": 5.0},
    middle_level={"cells": (2, 2), "width": 3, "salient": 1, "shift": 3.0},
    finest_level={"cells": (2, 2), "width": 3, "tiles": 2, "shift": 3.0},
    shots=(1, 3),
    text=TextBagPlan(tiles=10, signed=2, sign=2.0, nuisance=1.0, noise=0.1),
    text_width=18,
    closeness=0.8,
)


@pytest.fixture(scope="module")
def tasks():
    return planted_tasks(SIZES)


def test_names(tasks):
    assert sorted(tasks) == sorted(
        ["contiguous", "scattered", "isolated", "middle_level", "middle_level_permuted"]
        + ["finest_level"]
        + [
            f"{name}_k{k}"
            for k in (1, 3)
            for name in ("text", "text_shuffled", "text_orthogonal", "text_named")
        ]
    )


def test_few_shot_tasks_train_on_few_bags_a_class(tasks):
    for k in (1, 3):
        draw = tasks[f"text_k{k}"](0)
        assert torch.bincount(draw.training.labels).tolist() == [k, k]
        assert len(draw.test.labels) == 6


def test_shuffled_texts_meet_the_same_bags(tasks):
    plain, control = tasks["text_k1"](5), tasks["text_shuffled_k1"](5)
    torch.testing.assert_close(plain.test.bags, control.test.bags)
    torch.testing.assert_close(plain.text[1], text_world(18, 5, 0.8).classes)
    assert (plain.text[0] - control.text[0]).abs().max() > 0.1


def test_orthogonal_signs_and_named_tissue(tasks):
    plain, odd, named = (tasks[f"text{x}_k1"](5) for x in ("", "_orthogonal", "_named"))
    unspoken = text_world(18, 5, 0.8).unspoken[1]
    along = [unpack_bag(d.test.bags).features[1] @ unspoken for d in (plain, odd)]
    assert along[0].max() < 1 < along[1].max()
    torch.testing.assert_close(plain.text[0], odd.text[0])
    assert len(named.text[0]) == 8


def test_controls_of_places_and_regions(tasks):
    lesion = {
        name: unpack_bag(tasks[name](1).training.bags).features[..., 0].reshape(4, 7, 7) > 10
        for name in ("contiguous", "scattered")
    }
    touching = {
        k: int((x[1::2, 1:] & x[1::2, :-1]).sum() + (x[1::2, :, 1:] & x[1::2, :, :-1]).sum())
        for k, x in lesion.items()
    }
    assert touching["contiguous"] >= 2 * 5 > touching["scattered"]
    plain, mixed = (tasks[f"middle_level{x}"](1).training for x in ("", "_permuted"))
    torch.testing.assert_close(plain.bags[:, 4:], mixed.bags[:, 4:])
    assert (plain.bags[:, 3] != mixed.bags[:, 3]).any()
