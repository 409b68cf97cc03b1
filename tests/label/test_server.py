"""The real server answers what QuPath's extension and DSA's plugin really send."""

import io
import json
import time
from urllib.parse import urlencode

import jsonschema
import numpy as np
import pytest
from defusedxml import ElementTree
from PIL import Image

from monai_ext.engines.segment_region import Box
from monai_ext.export import find_model
from monai_ext.label.served_segmenter import ServedSegmenter
from monai_ext.label.slide_request import SlideRequest
from monai_ext.label.truth_answer import write_truth
from monai_ext.outputs.asap_xml import write_asap
from monai_ext.wsi.polygon_raster import fill_rings
from tests.label.label_parts import stained
from tests.label.server import CORNER, HEIGHT, PYTHON, WIDTH
from tests.outputs.annotation_parts import annotation, square
from tests.outputs.test_dsa_json import DOCUMENT

pytestmark = pytest.mark.skipif(
    not PYTHON.is_file(),
    reason=f"no MONAI Label at {PYTHON}: scripts/setup_label.sh makes it",
)
REGION = {"level": 0, "location": [64, 40], "size": [120, 90], "tile_size": [64, 64]}
REGION |= {"min_poly_area": 0}


@pytest.fixture(scope="module")
def truth(work):
    """What the network says, as pixels of the region."""
    model = ServedSegmenter(find_model(work / "glands"))

    def picture(name, box=(64, 40, 120, 90)):
        asked = SlideRequest(boxes=(Box(*box),))
        rings = [one.rings for one in model(work / "slides" / name, "x", asked).annotations]
        return filled(rings)

    return picture


def filled(polygons, shift=(0, 0)):
    total = np.zeros((HEIGHT, WIDTH), int)
    for rings in polygons:
        total += fill_rings([np.asarray(ring) - shift for ring in rings], HEIGHT, WIDTH)
    return total


def of_asap(body, shift=(0, 0)):
    root = ElementTree.fromstring(body)
    assert {one.get("Name") for one in root.iter("Annotation")} == {"gland"}
    rings = [
        [[[float(c.get("X")), float(c.get("Y"))] for c in one.iter("Coordinate")]]
        for one in root.iter("Annotation")
    ]
    return filled(rings, shift)


def of_dsa(body):
    document = json.loads(body)
    jsonschema.validate(document, DOCUMENT)
    lines = document["elements"]
    rings = [[line["points"], *line.get("holes", [])] for line in lines]
    flat = [[[point[:2] for point in ring] for ring in each] for each in rings]
    return filled(flat, CORNER)


def test_nothing_is_answered_without_the_token(server):
    assert server.ask("GET", "/info/", token=None)[0] == 401
    assert server.ask("GET", "/info/", token="guess")[0] == 401  # noqa: S106
    form = urlencode({"username": "me", "password": server.token}).encode()
    status, said = server.ask("POST", "/auth/token", form, token=None)
    assert (status, json.loads(said)["access_token"]) == (200, server.token)
    assert server.token not in server.log.read_text()


def test_info_tells_what_qupaths_extension_reads(server):
    info = json.loads(server.ask("GET", "/info/")[1])
    assert set(info["models"]) == {"glands", "learner", "abmil"}
    for model in info["models"].values():
        assert model["pathology"] is True
        assert isinstance(model["labels"], list)
        assert model["labels"]
        assert isinstance(model["dimension"], int)
    assert info["datastore"]["total"] == 4


def test_qupath_on_a_slide_of_the_server(server, truth):
    assert server.ask("HEAD", "/datastore/image", image="one")[0] == 200
    status, body = server.ask("POST", "/infer/wsi/glands", REGION, image="one", output="asap")
    assert status == 200
    expected = truth("one.tiff")
    assert 0.02 < expected.mean() < 0.98
    np.testing.assert_array_equal(of_asap(body), expected)


def test_a_dicom_slide_is_one_image_and_is_answered_as_its_original(server, truth):
    assert server.ask("HEAD", "/datastore/image", image="case 7")[0] == 200
    status, body = server.ask("POST", "/infer/wsi/glands", REGION, image="case 7", output="asap")
    assert status == 200
    np.testing.assert_array_equal(of_asap(body), truth("one.tiff"))


def test_qupath_uploads_the_region_of_a_slide_that_is_not_there(server):
    assert server.ask("HEAD", "/datastore/image", image="elsewhere")[0] == 404
    patch = io.BytesIO()
    pixels = stained(90, 120)
    Image.fromarray(pixels).save(patch, "png")
    asked = REGION | {"location": [0, 0], "size": [0, 0]}
    fields, files = (
        {"wsi": json.dumps(asked)},
        {"file": ("patch1.png", "image/png", patch.getvalue())},
    )
    status, body = server.send("POST", "/infer/wsi_v2/glands", fields, files, output="json")
    assert status == 200
    assert json.loads(body)["facts"]["mpp_from"] == "operator's default"
    status, body = server.send("POST", "/infer/wsi_v2/glands", fields, files, output="asap")
    assert 0.02 < of_asap(body)[:90, :120].mean() < 0.98
    assert not of_asap(body)[90:].any()


@pytest.mark.parametrize("level", [0, 1, 2])
def test_qupath_counts_from_the_bounds_at_every_level(server, truth, level):
    asked = REGION | {"level": level}
    _, body = server.ask("POST", "/infer/wsi/glands", asked, image="two", output="asap")
    np.testing.assert_array_equal(of_asap(body), truth("two.scn"))


def test_dsa_counts_from_the_canvas_with_and_without_tiles(server, truth):
    where = {"location": [64 + CORNER[0], 40 + CORNER[1]], "size": [120, 90]}
    _, body = server.ask("POST", "/infer/wsi/glands", REGION | where, image="two", output="dsa")
    expected = truth("two.scn")
    np.testing.assert_array_equal(of_dsa(body), expected)
    halves = [{"location": [x + CORNER[0], 40 + CORNER[1]], "size": [60, 90]} for x in (64, 124)]
    asked = REGION | where | {"params": {"wsi_tiles": halves}}
    _, body = server.ask("POST", "/infer/wsi/glands", asked, image="two", output="dsa")
    np.testing.assert_array_equal(of_dsa(body), expected)


def test_dsa_on_a_whole_slide(server, truth):
    whole = {"location": [-1, -1], "size": [-1, -1], "params": {"wsi_tiles": []}}
    _, body = server.ask("POST", "/infer/wsi/glands", REGION | whole, image="two", output="dsa")
    seen, expected = of_dsa(body), truth("two.scn", (0, 0, WIDTH, HEIGHT))
    assert (seen & ~expected.astype(bool)).sum() == 0  # windows without tissue are left out
    assert seen.sum() > 0.5 * expected.sum() > 0


def test_a_slide_level_model_gives_probabilities_and_attention(server):
    status, body = server.ask("POST", "/infer/abmil", image="two", output="json")
    found = json.loads(body)
    assert status == 200
    assert [one["label"] for one in found["prediction"]] == ["benign", "malignant"]
    assert sum(one["score"] for one in found["prediction"]) == pytest.approx(1, abs=1e-5)
    kinds = {one["properties"]["objectType"] for one in found["geojson"]["features"]}
    assert kinds == {"annotation", "detection"}
    assert server.ask("POST", "/infer/abmil", image="two")[1] == body
    _, xml = server.ask("POST", "/infer/wsi/abmil", {"size": [0, 0]}, image="two", output="asap")
    assert "attention" in next(ElementTree.fromstring(xml).iter("Annotation")).get("Name")


@pytest.mark.parametrize(
    ("status", "words", "path", "body", "query"),
    [
        (404, "no image", "/infer/wsi/glands", REGION, {"image": "absent"}),
        (404, "no model other: ", "/infer/wsi/other", REGION, {"image": "one"}),
        (422, "is not on the slide", "/infer/wsi/glands", {"location": [900, 0]}, {"image": "one"}),
        (422, "broken.svs", "/infer/wsi/glands", REGION, {"image": "broken"}),
        (400, "is no name", "/infer/wsi/glands", REGION, {"image": "/etc/passwd"}),
        (
            404,
            "no image",
            "/infer/wsi/glands",
            {"params": {"image": "/etc/passwd"}},
            {"image": "one"},
        ),
        (422, "wsi_tiles", "/infer/wsi/glands", {"params": {"wsi_tiles": 3}}, {"image": "one"}),
        (400, "is no name", "/datastore/label", b"", {"id": "one", "tag": "../../x"}),
        (404, "not offered", "/session/", b"", {}),
    ],
)
def test_what_cannot_be_answered_is_said_and_the_server_goes_on(
    server, status, words, path, body, query
):
    found, said = server.ask("POST", path, body, **query)
    assert (found, words in said.decode()) == (status, True), said
    assert "Traceback" not in said.decode()
    assert server.ask("GET", "/info/")[0] == 200


def trained(server, path="/train/learner", end=("DONE", "ERROR", "STOPPED"), **choices):
    """Status of a training once it has one of ``end``."""
    if path:
        status, said = server.ask("POST", path, choices)
        assert status == 200, said
    for _ in range(600):
        task = json.loads(server.ask("GET", "/train/")[1])
        if task["status"] in end:
            return task
        time.sleep(0.5)
    raise AssertionError(task)


def test_annotations_from_qupath_train_the_model_that_is_served(server, work):
    info = json.loads(server.ask("GET", "/info/")[1])
    assert set(info["trainers"]) == {"glands", "learner"}
    assert info["trainers"]["learner"]["config"]["ssl"][0] == "mpamatch"
    patch, drawn = io.BytesIO(), work / "drawn.xml"
    Image.fromarray(stained(96, 128)).save(patch, "png")
    place = {"X": "7", "Y": "9", "W": "128", "H": "96"}
    write_asap(drawn, [annotation(square(20, 20, 50))], place)
    files = {"file": ("patch2.png", "image/png", patch.getvalue())}
    name = "one-patch-7_9_128_96"
    for _ in range(2):  # the extension uploads the region again with corrected annotations
        assert server.send("PUT", "/datastore/image", {"params": "{}"}, files, image=name)[0] == 200
    files = {"label": ("one123.xml", "text/xml", drawn.read_bytes())}
    assert server.send("PUT", "/datastore/label", {"params": "{}"}, files, image=name)[0] == 200
    asked = {"image": "one", "patch_size": [64, 64]}
    chosen = json.loads(server.ask("POST", "/activelearning/coverage", asked)[1])
    assert not Box(*chosen["bbox"]).meets(Box(7, 9, 128, 96))
    asked = {"image": "one", "output": "json"}
    before = json.loads(server.ask("POST", "/infer/wsi/learner", REGION, **asked)[1])
    sizes = {"batch_size": 2, "unlabelled_batch_size": 2, "squares": 2}
    task = trained(server, steps=4, **sizes)
    assert task["status"] == "DONE", task["details"]
    after = json.loads(server.ask("POST", "/infer/wsi/learner", REGION, **asked)[1])
    assert after["facts"]["provenance"] != before["facts"]["provenance"]
    (run,) = (work / "my app/work/trainings/learner").iterdir()
    parts = json.loads((run / "data/datalist.json").read_text())
    assert [item["patient"] for item in parts["training"]] == [name]
    assert {item["patient"] for item in parts["unlabelled"]} >= {"two"}
    assert "broken" in (run / "data/failed.csv").read_text()


def test_no_upload_becomes_code_or_configuration(server, work):
    for image, file in (("sitecustomize", "x.py"), ("datastore_v2", "x.json"), ("", "../x.png")):
        files = {"file": (file, "text/plain", b"raise SystemExit")}
        query = {"image": image} if image else {}
        status, said = server.send("PUT", "/datastore/image", {"params": "{}"}, files, **query)
        assert status == 400 or (file, status) == ("../x.png", 200), said
    files = {"label": ("x.py", "text/plain", b"")}
    assert server.send("PUT", "/datastore/label", {"params": "{}"}, files, image="one")[0] == 400
    found = {path.suffix for path in (work / "slides").rglob("*") if path.is_file()}
    assert ".py" not in found
    assert not list(work.glob("*.png"))
    assert server.ask("POST", "/train/glands", b"[1]")[0] == 400
    assert server.ask("POST", "/train/glands", {}, run_sync="true")[0] == 400


def test_an_upload_that_is_no_image_is_said(server):
    files = {"file": ("patch.png", "image/png", b"no image")}
    for path in ("/infer/wsi_v2/glands", "/infer/wsi_v2/other", "/infer/glands"):
        status, said = server.send("POST", path, {}, files, output="json")
        assert status in {404, 422}, said
    files = {"label": ("x.xml", "text/xml", b"<x/>")}
    status, said = server.send("PUT", "/datastore/label", {}, files, image="absent")
    assert (status, b"no image" in said) == (404, True)


def test_clients_change_no_slide(server, work):
    slide = work / "slides/one.tiff"
    before = slide.read_bytes()
    assert server.ask("DELETE", "/datastore/image", id="one")[0] == 403
    assert server.ask("DELETE", "/datastore/", id="one")[0] == 403
    files = {"file": ("one.tiff", "image/tiff", b"other")}
    for place in ("/datastore/image", "/datastore/"):
        status, said = server.send("PUT", place, {"params": "{}"}, files, image="one")
        assert (status, b"give another name" in said) == (409, True)
    assert server.send("PUT", "/datastore/image", {"params": "{}"}, files)[0] == 409
    assert slide.read_bytes() == before


@pytest.mark.parametrize("strategy", ["uncertainty", "coverage", "random"])
def test_qupath_asks_for_the_next_region(server, strategy):
    info = json.loads(server.ask("GET", "/info/")[1])
    assert set(info["strategies"]) == {"uncertainty", "coverage", "random"}
    asked = {"image": "two", "patch_size": [64, 64], "image_size": [WIDTH, HEIGHT]}
    status, said = server.ask("POST", f"/activelearning/{strategy}", asked)
    found = json.loads(said)
    assert (status, found["id"], found["bbox"][2:]) == (200, "two", [64, 64])
    assert found["path"].endswith("two.scn")
    left, top = found["bbox"][:2]
    assert 0 <= left <= WIDTH - 64
    assert 0 <= top <= HEIGHT - 64
    asked = asked | {"image": "", "patch_size": [0, 0]}
    assert json.loads(server.ask("POST", f"/activelearning/{strategy}", asked)[1])["id"]
    status, said = server.ask("POST", f"/activelearning/{strategy}", asked | {"patch_size": ["x"]})
    assert (status, b"patch_size" in said) == (422, True)


def test_what_was_annotated_square_by_square_is_not_asked_for_again(server, work, tmp_path):
    truth = (stained(HEIGHT, WIDTH)[..., 0] > 170).astype(np.uint8)
    path, boxes = tmp_path / "two.xml", []
    asked = {"image": "two", "patch_size": [64, 64], "image_size": [WIDTH, HEIGHT]}
    for strategy in ("random", "uncertainty", "coverage"):
        status, said = server.ask("POST", f"/activelearning/{strategy}", asked)
        assert status == 200, said
        box = Box(*json.loads(said)["bbox"])
        assert not any(box.meets(other) for other in boxes)
        boxes.append(box)
        write_truth(path, truth, ["background", "gland"], boxes)
        form = {"label": (path.name, "text/xml", path.read_bytes())}
        status, said = server.send("PUT", "/datastore/label", {"params": "{}"}, form, image="two")
        assert status == 200, said
    stored = work / "slides/labels/final/two.xml"
    assert stored.read_bytes() == path.read_bytes()


def test_a_training_is_stopped_and_changes_nothing(server, work):
    weights = work / "my app/model/learner/model.pt"
    weight, runs = weights.read_bytes(), work / "my app/work/trainings/learner"
    before = len(list(runs.glob("*/run/metrics.csv")))
    task = trained(server, end=("RUNNING",), steps=100_000, batch_size=2, squares=2)
    for _ in range(240):
        if len(list(runs.glob("*/run/metrics.csv"))) > before:
            break
        time.sleep(0.5)
    else:
        raise AssertionError(task)
    assert server.ask("DELETE", "/train/")[0] == 200
    task = trained(server, path="")
    assert task["status"] == "STOPPED"
    assert weights.read_bytes() == weight
    assert server.ask("POST", "/infer/wsi/learner", REGION, image="one", output="asap")[0] == 200


def test_uploads_and_answers_leave_nothing_behind(server, work):
    kept = [path for folder in server.folders() for path in folder.iterdir()]
    assert len(server.folders()) >= 1
    assert kept == []
    assert [path.name for path in (work / "my app").iterdir() if path.is_file()] == ["main.py"]
