"""Patches that QuPath uploads belong to their slides."""

import json

import pytest
from PIL import Image

from monai_ext.engines.segment_region import Box
from monai_ext.export import find_model
from monai_ext.label.annotated_data import UnlabelledRules, write_annotated_data
from monai_ext.label.free_squares import find_squares
from monai_ext.label.served_segmenter import ServedSegmenter
from monai_ext.label.slide_patches import mpp_of, with_patches
from monai_ext.label.square_memory import SquareMemory
from monai_ext.label.stored_image import StoredImage
from monai_ext.outputs.asap_xml import write_asap
from tests.engines.segment_parts import settings_for
from tests.engines.tiny_extraction import TISSUE
from tests.label.label_parts import stained, write_segmenter, write_slide
from tests.outputs.annotation_parts import annotation, square

PATCH = "s-1-patch-64_0_64_64"


@pytest.fixture
def stored(tmp_path):
    """A slide of 0.25 um, an annotated patch, one without annotations, one of another slide."""
    slide = write_slide(tmp_path / "s-1.tif", height=256, width=320, mpp=0.25)
    write_asap(tmp_path / "patch.xml", [annotation(square(10, 10, 40))], {})
    images = [StoredImage("s-1", slide, None)]
    for name, label in (
        (PATCH, "patch.xml"),
        ("s-1-patch-0_64_64_64", ""),
        ("t-patch-0_0_9_9", ""),
    ):
        Image.fromarray(stained(64, 64)).save(tmp_path / f"{name}.png")
        path = tmp_path / label if label else None
        images.append(StoredImage(name, tmp_path / f"{name}.png", path))
    return images


def test_slides_know_their_annotated_patches_and_patches_their_slide(stored):
    found = {image.name: image for image in with_patches(stored)}
    assert set(found) == {"s-1", PATCH, "t-patch-0_0_9_9"}
    assert found["s-1"].known == (Box(64, 0, 64, 64),)
    assert found["s-1"].slide is None
    assert found[PATCH].slide == stored[0].path
    assert found[PATCH].label == stored[1].label
    assert found["t-patch-0_0_9_9"] == stored[3]


def test_a_patch_has_the_mpp_of_its_slide(stored, tmp_path):
    slide, patch, other = with_patches(stored)
    assert mpp_of(patch, 0.5) == pytest.approx(0.25)
    assert mpp_of(other, 0.5) == 0.5
    assert mpp_of(slide, None) is None
    slide.path.write_bytes(b"broken")
    assert mpp_of(patch, 0.5) == 0.5


def test_the_region_of_a_patch_is_not_asked_for_again(stored, tmp_path):
    served = ServedSegmenter(find_model(write_segmenter(tmp_path / "run")), 0.5)
    memory = SquareMemory()
    before, _ = find_squares(served, stored[:1], 64, memory)
    free, known = find_squares(served, with_patches(stored)[:2], 64, memory)
    places = [(one.image.name, one.box.left, one.box.top) for one in known]
    assert ("s-1", 64, 0) in places
    assert {one.box for one in before} - {one.box for one in free} == {Box(64, 0, 64, 64)}


def test_training_learns_from_patches_at_the_slides_mpp_and_not_twice(stored, tmp_path):
    settings = settings_for(tissue=TISSUE)
    rules = UnlabelledRules(squares=99, edge_px=32, seed=0)
    given = (["background", "gland"], settings, tmp_path / "data", rules, 0.5)
    path, counts = write_annotated_data(with_patches(stored)[:2], *given)
    found = json.loads(path.read_text())
    assert counts["training"] == 1
    with Image.open(path.parent / found["training"][0]["image"]) as picture:
        assert picture.size == (round(64 * 0.25 / settings.spec.mpps[0]),) * 2
    _, all_of_it = write_annotated_data(
        [stored[0], with_patches(stored)[1]], *given[:2], tmp_path / "again", *given[3:]
    )
    assert counts["unlabelled"] == all_of_it["unlabelled"] - 1
