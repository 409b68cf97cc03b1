"""The chosen region is tissue that nobody annotated, in level-0 px."""

import logging

import pytest
from PIL import Image

from monai_ext.errors import SettingError
from monai_ext.export import find_model
from monai_ext.label.next_region import next_region
from monai_ext.label.served_segmenter import ServedSegmenter
from monai_ext.label.stored_image import StoredImage
from monai_ext.outputs.asap_xml import write_asap
from tests.label.label_parts import stained, write_segmenter, write_slide
from tests.outputs.annotation_parts import annotation, square


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    run = write_segmenter(tmp_path_factory.mktemp("label") / "run")
    return ServedSegmenter(find_model(run), 0.5)


@pytest.fixture
def images(tmp_path):
    Image.fromarray(stained(128, 256, 1)).save(tmp_path / "one.png")
    write_slide(tmp_path / "two.tif", height=256, width=256, mpp=0.25)
    region = annotation(square(0, 0, 128), name="Region*")
    write_asap(tmp_path / "two.xml", [region, annotation(square(8, 8, 40))], {})
    two = StoredImage("two", tmp_path / "two.tif", tmp_path / "two.xml")
    return [StoredImage("one", tmp_path / "one.png", None), two]


def every(served, images, **given):
    """What 60 draws choose."""
    found = [next_region("random", served, images, seed=seed, **given) for seed in range(60)]
    return {(one["id"], *one["bbox"]) for one in found}


def test_all_that_is_free_can_be_chosen_and_nothing_else(served, images):
    free = every(served, images, edge_px=128)
    assert free == {
        ("one", 0, 0, 128, 128),
        ("one", 128, 0, 128, 128),
        ("two", 128, 0, 128, 128),
        ("two", 0, 128, 128, 128),
        ("two", 128, 128, 128, 128),
    }


def test_by_default_it_is_twice_the_networks_window(served, images):
    assert {box[3:] for box in every(served, images[:1])} == {(128, 128)}
    bare = StoredImage("two", images[1].path, None)
    assert every(served, [bare]) == {("two", 0, 0, 256, 256)}


@pytest.mark.parametrize("strategy", ["uncertainty", "coverage"])
def test_the_model_chooses_the_same_each_time(served, images, strategy):
    first = next_region(strategy, served, images, edge_px=64)
    assert next_region(strategy, served, images, edge_px=64) == first
    assert first["candidates"] == 8 + 12
    assert 0 < first["entropy"] < 1


def test_uncertainty_is_the_largest_of_all(served, images):
    found = next_region("uncertainty", served, images, edge_px=64)
    others = [
        next_region("uncertainty", served, images, edge_px=64, limit=3, seed=seed)
        for seed in range(6)
    ]
    assert max(one["entropy"] for one in others) <= found["entropy"]
    assert min(one["entropy"] for one in others) < found["entropy"]
    assert {one["candidates"] for one in others} == {3}


def test_coverage_hangs_on_what_was_annotated(served, images):
    far = annotation(square(128, 128, 128), name="Region*")
    path = images[1].path
    chosen = set()
    for k, regions in enumerate(([annotation(square(0, 0, 128), name="Region*")], [far])):
        write_asap(path.with_name(f"{k}.xml"), regions, {})
        known = StoredImage("two", path, path.with_name(f"{k}.xml"))
        found = next_region("coverage", served, [known, images[0]], edge_px=64)
        assert found["candidates"] == 8 + 12
        chosen.add((found["id"], *found["bbox"]))
    assert len(chosen) == 2


@pytest.mark.parametrize("edge_px", [15, 600])
def test_squares_far_from_the_networks_window_are_refused(served, images, edge_px):
    with pytest.raises(SettingError, match="px of the network"):
        next_region("random", served, images[:1], edge_px=edge_px)


def test_an_image_that_cannot_be_read_is_passed_over(served, images, tmp_path, caplog):
    (tmp_path / "bad.svs").write_bytes(b"x")
    bad = StoredImage("bad", tmp_path / "bad.svs", None)
    with caplog.at_level(logging.WARNING):
        found = next_region("random", served, [bad, images[0]])
    assert found["id"] == "one"
    assert "bad is passed over" in caplog.text


def test_when_all_is_annotated_it_says_so(served, images, tmp_path):
    write_asap(tmp_path / "one.xml", [annotation(square(8, 8, 40))], {})
    done = StoredImage("one", tmp_path / "one.png", tmp_path / "one.xml")
    for strategy in ("random", "uncertainty", "coverage"):
        with pytest.raises(SettingError, match="no tissue is left"):
            next_region(strategy, served, [done])


def test_random_looks_at_no_pixel(served, images, monkeypatch):
    monkeypatch.setattr(served, "network", lambda: pytest.fail("looked"))
    assert next_region("random", served, images)["entropy"] is None
