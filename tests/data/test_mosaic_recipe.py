"""Draws: patients apart, labels right, the same for everybody."""

from collections import Counter

import pytest

from monai_ext.data.mosaic_recipe import (
    MosaicPlan,
    draw_mosaics,
    read_recipes,
    write_recipes,
)
from monai_ext.errors import CohortError, SettingError

PATIENTS = [f"{k // 10}" for k in range(80)]
LABELS = [k % 2 for k in range(80)]
PLAN = MosaicPlan(num_images=12, num_malignant=1, num_slides=10, is_scattered=False)


@pytest.fixture(params=[0, 7])
def recipes(request):
    return draw_mosaics(PLAN, request.param, PATIENTS, LABELS)


def test_parts_share_no_patient(recipes):
    seen = {part: set() for part in ("training", "test")}
    for recipe in recipes:
        seen[recipe.part] |= {PATIENTS[i] for i in recipe.images}
    assert all(seen.values())
    assert not seen["training"] & seen["test"]


def test_label_counts_malignant_images(recipes):
    assert all(sum(LABELS[i] for i in recipe.images) == recipe.label for recipe in recipes)
    assert Counter((r.part, r.label) for r in recipes) == dict.fromkeys(
        [("training", 0), ("training", 1), ("test", 0), ("test", 1)], 5
    )


def test_no_image_repeats_within_a_mosaic(recipes):
    assert all(len(set(recipe.images)) == 12 for recipe in recipes)


def test_malignant_image_has_no_fixed_place():
    drawn = draw_mosaics(PLAN, 0, PATIENTS, LABELS)
    places = {[LABELS[i] for i in r.images].index(1) for r in drawn if r.label}
    assert len(places) > 3


def test_draw_depends_on_its_number_only():
    first = draw_mosaics(PLAN, 3, PATIENTS, LABELS)
    assert draw_mosaics(PLAN, 3, PATIENTS, LABELS) == first
    assert draw_mosaics(PLAN, 4, PATIENTS, LABELS)[0].images != first[0].images


def test_scattered_draw_holds_the_same_images(recipes):
    scattered = MosaicPlan(12, 1, 10, is_scattered=True)
    torn = draw_mosaics(scattered, recipes[0].draw, PATIENTS, LABELS)
    assert [r.images for r in torn] == [r.images for r in recipes]
    assert {r.scatter_seed for r in recipes} == {None}
    assert len({r.scatter_seed for r in torn} - {None}) == len(torn)


def test_recipes_survive_the_file(recipes, tmp_path):
    path = write_recipes(tmp_path / "a.json", PLAN, recipes)
    assert read_recipes(path) == (PLAN, recipes)


def test_too_few_benign_images_are_refused():
    with pytest.raises(CohortError, match=r"each half needs 35% .* 12 benign"):
        draw_mosaics(PLAN, 0, PATIENTS[:40], LABELS[:40])


@pytest.mark.parametrize(
    ("num_images", "num_malignant", "message"), [(13, 1, "one of"), (12, 0, "has 1 to 12")]
)
def test_wrong_plans_are_refused(num_images, num_malignant, message):
    with pytest.raises(SettingError, match=message):
        MosaicPlan(num_images, num_malignant, 4, is_scattered=False)
