"""The real server with three models and three slides, one for all that ask it."""

import pytest

from monai_ext.label.app_folder import make_app
from monai_ext.testing.bounded_slide import write_bounded_slide
from tests.dicom_slides import dicom_slide
from tests.label.label_parts import stained, write_classifier, write_segmenter, write_slide
from tests.label.server import CANVAS, CORNER, HEIGHT, WIDTH, Server


@pytest.fixture(scope="session")
def work(tmp_path_factory):
    folder = tmp_path_factory.mktemp("label")
    runs = [write_segmenter(folder / name) for name in ("glands", "learner")]
    make_app(folder / "my app", [*runs, write_classifier(folder / "abmil")])
    studies = folder / "slides"
    studies.mkdir()
    write_slide(studies / "one.tiff")
    write_bounded_slide(studies / "two.scn", stained(HEIGHT, WIDTH), canvas=CANVAS, corner=CORNER)
    (studies / "broken.svs").write_bytes(b"no slide")
    dicom_slide(studies / "one.tiff", studies / "case 7")
    return folder


@pytest.fixture(scope="session")
def server(work):
    with Server(work / "my app", work / "slides", mpp=0.5) as running:
        yield running
