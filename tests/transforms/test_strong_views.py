"""Colours change, places do not."""

import torch

from monai_ext.transforms.strong_views import StrongViewsd


def views(image, seed=0, **given):
    off = {"jitter_prob": 0.0, "grey_prob": 0.0, "blur_prob": 0.0}
    return StrongViewsd(**(off | given)).set_random_state(seed)({"image": image, "slide": "s"})


def picture(rng):
    return torch.randint(0, 256, (3, 40, 40), generator=rng, dtype=torch.uint8)


def test_with_nothing_on_the_views_are_the_image(rng):
    image = picture(rng)
    found = views(image)
    assert torch.equal(found["strong_1"], image)
    assert torch.equal(found["strong_2"], image)
    assert found["slide"] == "s"


def test_grey_is_grey_and_blur_is_smooth(rng):
    image = picture(rng)
    grey = views(image, grey_prob=1.0)["strong_1"]
    assert torch.equal(grey[0], grey[1])
    assert torch.equal(grey[1], grey[2])
    blurred = views(image, blur_prob=1.0, blur_sigma=(1.5, 1.5))["strong_1"].float()
    assert blurred.diff(dim=2).abs().mean() < 0.3 * image.float().diff(dim=2).abs().mean()
    assert abs(blurred.mean() - image.float().mean()) < 2


def test_each_kind_of_jitter_does_its_own(rng):
    image = (picture(rng) // 2 + 40).to(torch.uint8)
    base = image.float()
    bright, contrast, saturation, hue = (
        views(image, jitter_prob=1.0, jitter=[0.3 * (k == n) for k in range(4)])["strong_1"].float()
        for n in range(4)
    )
    ratio = bright / base
    assert ratio.std() < 0.02
    assert abs(ratio.mean() - 1) > 0.01
    assert abs(contrast.mean() - base.mean()) < 2
    assert abs(contrast.std() / base.std() - 1) > 0.01
    spread = [(x.amax(0) - x.amin(0)).mean() for x in (saturation, base)]
    assert abs(spread[0] / spread[1] - 1) > 0.01
    torch.testing.assert_close(hue.amax(0), base.amax(0), atol=3, rtol=0)
    assert (hue - base).abs().mean() > 3


def test_views_differ_from_each_other_and_the_seed_decides(rng):
    image = picture(rng)
    given = {"jitter_prob": 1.0, "blur_prob": 0.5}
    one, two, other = (views(image, s, **given) for s in (0, 0, 1))
    assert torch.equal(one["strong_1"], two["strong_1"])
    assert not torch.equal(one["strong_1"], one["strong_2"])
    assert not torch.equal(one["strong_1"], other["strong_1"])


def test_a_place_stays_in_its_place(rng):
    image = torch.full((3, 41, 41), 200, dtype=torch.uint8)
    image[:, 20, 20] = 0
    for seed in range(10):
        found = views(image, seed, jitter_prob=1.0, grey_prob=0.3, blur_prob=1.0)["strong_1"]
        dark = found.float().sum(0)
        assert dark.argmin().item() == 20 * 41 + 20


def test_probabilities_are_how_often(rng):
    view = StrongViewsd(view_keys=["v"], jitter_prob=0.0, grey_prob=0.25, blur_prob=0.0)
    view.set_random_state(0)
    image = picture(rng)[:, :8, :8]
    changed = sum(not torch.equal(view({"image": image})["v"], image) for _ in range(400))
    assert 70 < changed < 130
