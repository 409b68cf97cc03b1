"""A server's images as a datalist; one that is unsound does not end the others."""

import json

import pytest
from PIL import Image

from monai_ext.data.failures import read_failures
from monai_ext.data.segmentation_datalist import load_segmentation_datalist
from monai_ext.errors import AnnotationError
from monai_ext.label.annotated_data import UnlabelledRules, write_annotated_data
from monai_ext.label.stored_image import StoredImage
from monai_ext.outputs.asap_xml import write_asap
from tests.engines.segment_parts import settings_for
from tests.engines.tiny_extraction import TISSUE
from tests.label.label_parts import stained, write_slide
from tests.outputs.annotation_parts import annotation, square

NAMES = ["background", "gland"]
RULES = UnlabelledRules(squares=3, edge_px=64, seed=0)


def stored(folder, name, label=None):
    return StoredImage(name, folder / f"{name}.png", label)


@pytest.fixture
def images(tmp_path):
    for k, name in enumerate(("one", "two", "three")):
        Image.fromarray(stained(90, 120, k)).save(tmp_path / f"{name}.png")
    write_asap(tmp_path / "one.xml", [annotation(square(10, 10, 40))], {})
    (tmp_path / "bad.xml").write_text("<x/>")
    return tmp_path


def written(folder, *found, mpp=0.5):
    settings = settings_for(tissue=TISSUE)
    return write_annotated_data(found, NAMES, settings, folder / "data", RULES, mpp)


def test_annotated_and_other_images_are_parts_of_a_sound_datalist(images):
    write_slide(images / "slide.tif", height=300, width=400)
    slide = StoredImage("slide", images / "slide.tif", None)
    given = stored(images, "one", images / "one.xml"), stored(images, "two"), slide
    path, counts = written(images, *given)
    split = load_segmentation_datalist(path)
    assert counts == {"training": 1, "unlabelled": 4}
    assert [len(split.training), len(split.unlabelled)] == [1, 4]
    assert split.class_names == NAMES
    assert {item["patient"] for item in split.unlabelled} == {"two", "slide"}
    assert "label" not in json.dumps(json.loads(path.read_text())["unlabelled"])


def test_what_cannot_be_used_is_listed_with_the_reason(images):
    given = stored(images, "one", images / "one.xml"), stored(images, "two", images / "bad.xml")
    _, counts = written(images, *given, stored(images, "absent"))
    assert counts == {"training": 1, "unlabelled": 0}
    failed = read_failures(images / "data/failed.csv")
    assert set(failed) == {"absent", "two"}
    assert "its root is x" in failed["two"]


def test_nothing_annotated_is_refused_with_the_reasons(images):
    with pytest.raises(AnnotationError, match=r"no annotated image .*its root is x.*annotate"):
        written(images, stored(images, "two", images / "bad.xml"), stored(images, "three"))


def test_images_without_resolution_need_the_operators(images):
    with pytest.raises(AnnotationError, match="--conf mpp"):
        written(images, stored(images, "one", images / "one.xml"), mpp=None)
