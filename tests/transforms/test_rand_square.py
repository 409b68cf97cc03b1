"""A square of the image with its label on it, at random places and magnifications."""

import pytest
import torch

from monai_ext.transforms.rand_square import RandSquared


@pytest.fixture
def item():
    y, x = torch.meshgrid(torch.arange(60), torch.arange(80), indexing="ij")
    image = torch.stack([y, x, (y // 20 + x // 20) % 2]).to(torch.uint8)
    return {"image": image, "label": image[2:].clone(), "slide": "s"}


def made(scale=(1.0, 1.0), side=32, seed=0):
    return RandSquared(side, scale).set_random_state(seed)


def test_without_scaling_it_is_a_part_of_the_image(item):
    cut, corners = made(), set()
    for _ in range(200):
        found = cut(item)
        top, left = int(found["image"][0, 0, 0]), int(found["image"][1, 0, 0])
        part = item["image"][:, top : top + 32, left : left + 32]
        assert torch.equal(found["image"], part)
        assert torch.equal(found["label"], part[2:])
        assert not found["outside"].any()
        corners.add((top, left))
    tops, lefts = zip(*corners, strict=True)
    assert (min(tops), max(tops), min(lefts), max(lefts)) == (0, 28, 0, 48)


@pytest.mark.parametrize("scale", [0.5, 0.8, 1.7])
def test_a_pixel_covers_what_the_magnification_says(item, scale):
    found = made((scale, scale), side=24)(item)
    step = found["image"][1, 0, 8:16].float().diff().mean().item()
    assert step == pytest.approx(1 / scale, abs=0.13)


def test_image_and_label_stay_on_top_of_each_other(item):
    for seed in range(20):
        found = made((0.7, 1.5), side=28, seed=seed)(item)
        inside = found["outside"][0] == 0
        edges = (found["image"][2] > 0) != (found["label"][0] == 1)
        assert edges[inside].double().mean() < 0.15


def test_what_lies_beyond_is_white_and_does_not_count(item):
    found = made((0.25, 0.25), side=20)(item)  # 80 px of 60 x 80
    outside = found["outside"][0] == 255
    assert outside.any(1).tolist() == outside.all(1).tolist()
    assert outside.all(1).sum() == 5
    assert (found["label"][0] == 255)[outside].all()
    assert not (found["label"][0] == 255)[~outside].any()
    assert (found["image"][:, 0] == 255).all()


def test_magnifications_are_log_uniform():
    cut = made((0.5, 2.0))
    draws = []
    for _ in range(2000):
        cut.randomize()
        draws.append(cut._draw[2])
    logs = torch.tensor(draws).log2()
    assert -1 <= logs.min() < -0.95
    assert 0.95 < logs.max() <= 1
    assert abs(logs.mean()) < 0.05


def test_the_seed_decides(item):
    one, two, other = (made((0.5, 2.0), seed=s)(item)["image"] for s in (1, 1, 2))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


def test_an_item_without_label_and_senseless_numbers(item):
    item.pop("label")
    assert "label" not in made()(item)
    for side, scale in ((0, (1, 1)), (8, (0, 1)), (8, (2, 1))):
        with pytest.raises(ValueError, match="side >= 1 and 0 < a <= b"):
            RandSquared(side, scale)
