"""Polygons of a region or a slide, in the right place."""

import os

import numpy as np
import pytest
import torch
from PIL import Image

from monai_ext.engines.segment_region import Box
from monai_ext.engines.segment_source import SlideToSegment
from monai_ext.export import find_model
from monai_ext.label.served_segmenter import ServedSegmenter
from monai_ext.label.slide_request import SlideRequest
from monai_ext.testing.bounded_slide import write_bounded_slide
from monai_ext.wsi.polygon_raster import fill_rings
from tests.engines.segment_parts import Purple
from tests.label.label_parts import stained, write_segmenter, write_slide


class TwoClasses(Purple):
    """Where it is purple, for every test to compute by itself."""

    def forward(self, image):
        return super().forward(image)[:, :2]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_segmenter(tmp_path_factory.mktemp("label") / "glands")


def served(model, monkeypatch, mpp=None):
    found = ServedSegmenter(find_model(model), mpp)
    monkeypatch.setattr(found, "network", TwoClasses)
    return found


def picture_of(annotations, height, width):
    """The annotations as pixels."""
    total = np.zeros((height, width), int)
    for one in annotations:
        total += fill_rings(list(one.rings), height, width)
    return total


def purple(image):
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float()
    return TwoClasses()(pixels)[0].argmax(0).numpy()


def test_a_region_of_a_png_is_what_the_network_says(model, monkeypatch, tmp_path):
    image = stained(150, 200)
    Image.fromarray(image).save(tmp_path / "a.png")
    asked = SlideRequest(boxes=(Box(30, 40, 100, 80),))
    answer = served(model, monkeypatch, 0.5)(tmp_path / "a.png", "a", asked)
    expected = np.zeros((150, 200), int)
    expected[40:120, 30:130] = purple(image)[40:120, 30:130]
    assert 0.1 < expected.mean() < 0.9
    np.testing.assert_array_equal(picture_of(answer.annotations, 150, 200), expected)
    assert answer.facts["mpp_from"] == "operator's default"
    assert answer.facts["mpp"] == 0.5
    assert {one.name for one in answer.annotations} == {"gland"}


def test_the_whole_slide_and_its_region_agree(model, monkeypatch, tmp_path):
    path = write_slide(tmp_path / "a.tif", mpp=0.25)
    model = served(model, monkeypatch)
    whole = model(path, "a", SlideRequest())
    part = model(path, "a", SlideRequest(boxes=(Box(100, 60, 90, 70),)))
    inside = np.s_[60:130, 100:190]
    seen = picture_of(part.annotations, 200, 320)
    np.testing.assert_array_equal(seen[inside], picture_of(whole.annotations, 200, 320)[inside])
    seen[inside] = 0
    assert not seen.any()
    assert whole.facts["mpp_from"] == "file"


def test_dsa_and_qupath_mean_the_same_ground_by_other_numbers(model, monkeypatch, tmp_path):
    image = stained(160, 224)
    path = write_bounded_slide(tmp_path / "b.scn", image, canvas=(500, 400), corner=(130, 110))
    model = served(model, monkeypatch)
    bounds = model(path, "b", SlideRequest(boxes=(Box(32, 48, 96, 64),)))
    moved = SlideRequest(boxes=(Box(162, 158, 96, 64),), output="dsa", frame="canvas")
    canvas = model(path, "b", moved)
    assert bounds.origin == canvas.origin == (130, 110)
    one, other = (picture_of(each.annotations, 160, 224) for each in (bounds, canvas))
    np.testing.assert_array_equal(one, other)
    assert 0.1 < one[48:112, 32:128].mean() < 0.9


def test_small_pieces_are_left_out_by_their_level_0_area(model, monkeypatch, tmp_path):
    path = write_slide(tmp_path / "a.tif", mpp=0.25)
    model = served(model, monkeypatch)
    areas = [
        one.measurements["area um2"] / 0.25**2
        for one in model(path, "a", SlideRequest()).annotations
    ]
    limit = sorted(areas)[len(areas) // 2]
    kept = model(path, "a", SlideRequest(min_area_px=limit)).annotations
    assert len(kept) == sum(area >= limit for area in areas) < len(areas)


def test_new_weights_are_used_by_the_next_request(model, tmp_path):
    run = write_segmenter(tmp_path / "run")
    found = ServedSegmenter(find_model(run))
    first = found.network()
    assert found.network() is first
    state = {name: value + 1 for name, value in first.state_dict().items()}
    torch.save(state, run / "model.pt")
    os.utime(run / "model.pt", ns=(1, 1))
    second = found.network()
    assert second is not first
    name = next(iter(state))
    torch.testing.assert_close(second.state_dict()[name], state[name])


def test_provenance_hangs_on_slide_weights_and_settings(model, tmp_path):
    path = write_slide(tmp_path / "a.tif")
    found = ServedSegmenter(find_model(model))
    asked = SlideRequest(boxes=(Box(0, 0, 40, 40),))
    first = found(path, "a", asked).facts["provenance"]
    assert found(path, "a", asked).facts["provenance"] == first
    other = ServedSegmenter(find_model(write_segmenter(tmp_path / "other", seed=1)))
    assert other(path, "a", asked).facts["provenance"] != first


def test_the_file_is_closed_when_the_region_is_elsewhere(model, monkeypatch, tmp_path):
    closed = []
    monkeypatch.setattr(SlideToSegment, "close", lambda self: closed.append(self.slide))
    path = write_slide(tmp_path / "a.tif")
    with pytest.raises(Exception, match="is not on the slide"):
        served(model, monkeypatch)(path, "a", SlideRequest(boxes=(Box(9999, 0, 5, 5),)))
    assert closed == ["a"]
