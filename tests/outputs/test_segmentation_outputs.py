"""The handler writes, records and remembers each slide."""

import numpy as np
import pytest
import torch
from ignite.engine import Engine

from monai_ext.data.failures import read_failures, write_failures
from monai_ext.data.label_map import NotSegmented
from monai_ext.errors import SlideError
from monai_ext.outputs.segmentation_files import SegmentationFiles
from monai_ext.outputs.segmentation_outputs import SegmentationOutputs
from tests.outputs.conftest import SIZE
from tests.outputs.label_parts import blobs, label_map

NAMES = ["background", "gland", "stroma"]


class Waiting:
    """A slide as the evaluator carries it."""

    def __init__(self, reader, name="a", **request):
        self.reader, self.slide, self.request = reader, name, request
        self.closed = 0

    def close(self):
        self.closed += 1


def found_of(name, **changes):
    labels = blobs(SIZE[1] // 4, SIZE[0] // 4)
    return label_map(labels, scale=4.0, mpp=2.0, size=SIZE, slide=name, **changes)


def run(tmp_path, items, network=None, names=NAMES, **changes):
    """Run a handler over (slide, prediction) pairs."""
    files = changes.pop("files", SegmentationFiles(overlay=False))
    outputs = SegmentationOutputs(tmp_path / "out", names, files, **changes)
    engine = Engine(lambda _, pair: {"image": pair[0], "pred": pair[1]})
    engine.network = network or torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        if network is None:
            engine.network.weight.fill_(1.0)
    outputs.attach(engine)
    engine.run(items)
    return outputs


def table_rows(tmp_path):
    return (tmp_path / "out/segmentation.csv").read_text().splitlines()[1:]


def test_slides_are_written_and_closed(tmp_path, slide):
    waiting = Waiting(slide)
    outputs = run(tmp_path, [(waiting, found_of("a"))])
    assert waiting.closed == 1
    assert (outputs.failures, outputs.skipped) == ({}, [])
    assert outputs.is_done(waiting)
    assert len(table_rows(tmp_path)) == 1
    assert not (tmp_path / "out/failed.csv").exists()


CHANGES = [
    {"request": {"roi": 3}},
    {"files": SegmentationFiles(overlay=False, tolerance_um=0.0)},
    {"names": ["background", "gland", "other"]},
    {"network": torch.nn.Linear(2, 1)},
]


@pytest.mark.parametrize("change", CHANGES, ids=["request", "files", "names", "network"])
def test_a_slide_is_done_for_the_same_request_only(change, tmp_path, slide):
    run(tmp_path, [(Waiting(slide), found_of("a"))])
    request = change.get("request", {})
    change = {key: value for key, value in change.items() if key != "request"}
    skip = [(Waiting(slide, "b"), NotSegmented("b"))]
    outputs = run(tmp_path, skip, **change)
    assert not outputs.is_done(Waiting(slide, **request))
    assert run(tmp_path, skip).is_done(Waiting(slide))


def test_a_slide_whose_file_is_gone_is_not_done(tmp_path, slide):
    outputs = run(tmp_path, [(Waiting(slide), found_of("a"))])
    (tmp_path / "out/labels/a.tif").unlink()
    assert not outputs.is_done(Waiting(slide))


def test_failures_do_not_end_the_run_and_leave_when_their_slide_is_done(tmp_path, slide):
    write_failures(tmp_path / "out/failed.csv", {"a": "old", "gone": "older"})
    items = [
        (Waiting(slide, "bad"), NotSegmented("bad", "it is cut")),
        (Waiting(slide), found_of("a")),
        (Waiting(slide, "many"), found_of("many", seen=np.ones(4, np.int64))),
        (Waiting(slide, "done"), NotSegmented("done")),
        (Waiting(slide), found_of("a")),
    ]
    outputs = run(tmp_path, items, failed={"twice": "two files"})
    assert all(item.closed for item, _ in items)
    expected = {"bad", "many", "a", "twice"}
    assert set(outputs.failures) == expected
    assert "the network has 4 classes" in outputs.failures["many"]
    assert "comes twice" in outputs.failures["a"]
    failed = read_failures(tmp_path / "out/failed.csv")
    assert set(failed) == expected | {"gone"}
    assert failed["bad"] == "it is cut"
    assert outputs.skipped == ["done"]
    run(tmp_path, [(Waiting(slide, name), found_of(name)) for name in ("a", "bad", "many")])
    assert set(read_failures(tmp_path / "out/failed.csv")) == {"gone", "twice"}


def test_a_slide_that_cannot_be_written_loses_its_old_row(tmp_path, slide):
    run(tmp_path, [(Waiting(slide), found_of("a"))])
    (tmp_path / "out/labels/a.tif").unlink()
    (tmp_path / "out/labels/a.tif").mkdir()
    outputs = run(tmp_path, [(Waiting(slide), found_of("a"))])
    assert list(outputs.failures) == ["a"]
    assert table_rows(tmp_path) == []


def test_slide_without_polygons_is_done_without_dicom_annotations(tmp_path, dicom):
    files = SegmentationFiles(overlay=False, dicom_annotations=True)
    nothing = label_map(np.zeros((175, 250), np.uint8), scale=4.0, mpp=2.0, size=SIZE)
    outputs = run(tmp_path, [(Waiting(dicom), nothing)], files=files)
    assert not (tmp_path / "out/dicom_annotations").exists()
    assert outputs.is_done(Waiting(dicom))
    outputs = run(tmp_path, [(Waiting(dicom), found_of("a"))], files=files)
    assert outputs.is_done(Waiting(dicom))
    (tmp_path / "out/dicom_annotations/a.dcm").unlink()
    assert not outputs.is_done(Waiting(dicom))


def test_slide_of_another_format_is_refused_before_it_is_looked_at(tmp_path, slide):
    outputs = SegmentationOutputs(tmp_path, NAMES, SegmentationFiles(dicom_seg=True))
    with pytest.raises(SlideError, match="is no DICOM slide"):
        outputs.is_done(Waiting(slide))
