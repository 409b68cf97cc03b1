"""Probabilities and attention of a slide over a server's models."""

import json

import pytest
from PIL import Image

from monai_ext.engines.segment_region import Box
from monai_ext.errors import SettingError, SlideError
from monai_ext.export import find_model
from monai_ext.label.attention_areas import attention_label
from monai_ext.label.served_classifier import ServedClassifier
from monai_ext.label.slide_request import SlideRequest
from monai_ext.testing.bounded_slide import write_bounded_slide
from tests.label.label_parts import stained, write_classifier, write_slide


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_classifier(tmp_path_factory.mktemp("label") / "abmil")


def served(run, folder, **options):
    return ServedClassifier(find_model(run), folder / "work", **options)


def test_probabilities_and_attention_come_with_features_that_are_kept(run, tmp_path):
    path, model = write_slide(tmp_path / "a.tif"), served(run, tmp_path)
    answer = model(path, "a", SlideRequest())
    assert list(answer.probabilities) == ["benign", "malignant"]
    assert sum(answer.probabilities.values()) == pytest.approx(1, abs=1e-5)
    best = max(answer.probabilities, key=answer.probabilities.get)
    assert {one.name for one in answer.annotations} == {attention_label(best)}
    assert attention_label(best) in model.labels
    assert len(answer.detections) > 20
    assert "not evidence" in answer.facts["note"]
    files = {p: p.stat().st_mtime_ns for p in (tmp_path / "work").rglob("features_*/a.h5")}
    assert len(files) == 2
    again = model(path, "a", SlideRequest())
    assert again.probabilities == answer.probabilities
    assert {p: p.stat().st_mtime_ns for p in files} == files


def test_another_slide_of_that_name_gets_its_own_features(run, tmp_path):
    model = served(run, tmp_path)
    for folder, seed in (("x", 0), ("y", 1)):
        (tmp_path / folder).mkdir()
        model(write_slide(tmp_path / folder / "a.tif", seed=seed), "a", SlideRequest())
    assert len(list((tmp_path / "work").iterdir())) == 2


def test_a_region_chooses_tiles_and_changes_no_probability(run, tmp_path):
    image = stained(224, 320)
    path = write_bounded_slide(tmp_path / "b.scn", image, canvas=(600, 500), corner=(128, 96))
    model = served(run, tmp_path)
    whole = model(path, "b", SlideRequest())
    part = model(path, "b", SlideRequest(boxes=(Box(33, 33, 30, 10),)))
    canvas = SlideRequest(boxes=(Box(161, 129, 30, 10),), frame="canvas")
    assert part.probabilities == whole.probabilities
    assert [tile["geometry"]["coordinates"][0][0] for tile in part.detections] == [[32, 32]]
    assert model(path, "b", canvas).detections == part.detections
    assert whole.origin == (128, 96)


def test_a_slide_without_resolution_takes_the_operators(run, tmp_path):
    path = write_slide(tmp_path / "a.tif", mpp=None)
    with pytest.raises(SlideError, match="--conf mpp"):
        served(run, tmp_path)(path, "a", SlideRequest())
    answer = served(run, tmp_path, mpp=0.5)(path, "a", SlideRequest())
    assert answer.facts["mpp_from"] == "operator's default"


def test_an_uploaded_region_is_no_slide(run, tmp_path):
    Image.fromarray(stained(200, 200)).save(tmp_path / "patch.png")
    with pytest.raises(SlideError, match=r"patch\.png is an image.*--studies"):
        served(run, tmp_path, mpp=0.5)(tmp_path / "patch.png", "patch", SlideRequest())


def test_demonstration_weights_see_invented_slides_only(run, tmp_path):
    demo = tmp_path / "demo"
    demo.mkdir()
    for path in run.iterdir():
        (demo / path.name).write_bytes(path.read_bytes())
    metadata = json.loads((run / "metadata.json").read_text()) | {"version": "0.1.0-demo"}
    (demo / "metadata.json").write_text(json.dumps(metadata))
    path = write_slide(tmp_path / "a.tif")
    with pytest.raises(SettingError, match="demonstration"):
        served(demo, tmp_path)(path, "a", SlideRequest())
    assert served(demo, tmp_path, is_demo_allowed=True)(path, "a", SlideRequest()).probabilities


def test_what_went_wrong_with_the_slide_is_said(run, tmp_path):
    image = stained(200, 320)
    image[:] = 245
    from monai_ext.testing.tiny_slides import write_tiny_slide

    write_tiny_slide(tmp_path / "glass.tif", image, mpp=0.5)
    with pytest.raises(SlideError, match="tissue"):
        served(run, tmp_path)(tmp_path / "glass.tif", "glass", SlideRequest())
