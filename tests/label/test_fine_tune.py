"""Annotations change what is served, and what was served is kept."""

import json

import pytest
import torch
from PIL import Image

from monai_ext.errors import AnnotationError, SettingError
from monai_ext.export import find_model
from monai_ext.label.fine_tune import OPEN, fine_tune, put_in_place, read_choices
from monai_ext.label.served_segmenter import ServedSegmenter
from monai_ext.label.stored_image import StoredImage
from monai_ext.outputs.asap_xml import write_asap
from tests.label.label_parts import stained, write_segmenter
from tests.outputs.annotation_parts import annotation, square

SHORT = {"steps": 2, "batch_size": 2, "unlabelled_batch_size": 2, "squares": 2}


@pytest.fixture
def images(tmp_path):
    found = []
    for k in range(3):
        path = tmp_path / f"image{k}.png"
        Image.fromarray(stained(96, 128, k)).save(path)
        found.append(StoredImage(path.stem, path, None))
    write_asap(tmp_path / "image0.xml", [annotation(square(10, 10, 50))], {})
    return [StoredImage("image0", found[0].path, tmp_path / "image0.xml"), *found[1:]]


def weights(folder):
    return torch.load(folder / "model.pt", weights_only=True)


@pytest.mark.parametrize("ssl", ["mpamatch", "supervised"])
def test_new_weights_are_served_and_the_old_ones_kept(tmp_path, images, ssl):
    run = write_segmenter(tmp_path / "glands")
    served = ServedSegmenter(find_model(run), 0.5)
    before, first = weights(run), served.network()
    said = fine_tune(served, images, tmp_path / "training", read_choices(SHORT | {"ssl": ssl}))
    assert (said["training"], said["ssl"]) == (1, ssl)
    assert said["unlabelled"] == (2 * (ssl != "supervised"))
    after = weights(run)
    assert not torch.equal(after["head.weight"], before["head.weight"])
    (kept,) = (run / "earlier").iterdir()
    torch.testing.assert_close(weights(kept)["head.weight"], before["head.weight"], rtol=0, atol=0)
    assert {"inference.json", "metadata.json", "model.pt"} <= {p.name for p in kept.iterdir()}
    second = served.network()
    assert second is not first
    state = second.state_dict()
    torch.testing.assert_close(state["head.weight"].cpu(), after["head.weight"], rtol=0, atol=0)


def test_it_begins_from_what_is_served(tmp_path, images):
    run = write_segmenter(tmp_path / "glands")
    before = weights(run)
    served = ServedSegmenter(find_model(run), 0.5)
    slow = SHORT | {"learning_rate": 1e-9, "encoder_rate": 1e-9, "ssl": "supervised"}
    fine_tune(served, images, tmp_path / "training", read_choices(slow))
    after = weights(run)
    body = [name for name in before if name.startswith(("encoder.", "blocks."))]
    learnt = [name for name in body if before[name].is_floating_point()]
    learnt = [name for name in learnt if not name.endswith(("running_mean", "running_var"))]
    assert len(learnt) > 20
    for name in learnt:
        torch.testing.assert_close(after[name], before[name], rtol=0, atol=1e-6)


def test_nothing_changes_where_nothing_is_annotated(tmp_path, images):
    run = write_segmenter(tmp_path / "glands")
    before = (run / "model.pt").read_bytes()
    served = ServedSegmenter(find_model(run), 0.5)
    with pytest.raises(AnnotationError, match="no annotated image"):
        fine_tune(served, images[1:], tmp_path / "training", read_choices(SHORT))
    assert (run / "model.pt").read_bytes() == before
    assert not (run / "earlier").exists()


def test_a_bundle_keeps_its_form(tmp_path):
    run = write_segmenter(tmp_path / "run", seed=1)
    (run / "run.json").write_text("{}")
    bundle = tmp_path / "bundle"
    old = write_segmenter(tmp_path / "old")
    (bundle / "models").mkdir(parents=True)
    (old / "model.pt").rename(bundle / "models/model.pt")
    old.rename(bundle / "configs")
    put_in_place(find_model(bundle), run)
    assert (bundle / "models/model.pt").read_bytes() == (run / "model.pt").read_bytes()
    assert not (bundle / "configs/model.pt").exists()
    assert (bundle / "configs/run.json").is_file()


def test_a_client_chooses_from_a_list():
    assert read_choices({})["ssl"] == "mpamatch"
    assert read_choices(dict(OPEN))["steps"] == OPEN["steps"]
    found = read_choices({"steps": 7, "output_dir": "/etc", "prompts": "/etc/passwd", "model": "x"})
    assert found["steps"] == 7
    assert set(found) == set(OPEN)


@pytest.mark.parametrize(
    "change",
    [
        {"ssl": "other"},
        {"steps": 0},
        {"steps": "7"},
        {"steps": 2.5},
        {"learning_rate": -1},
        {"seed": True},
        {"squares": None},
        {"batch_size": [4]},
    ],
)
def test_other_values_are_refused(change):
    with pytest.raises(SettingError, match=next(iter(change))):
        read_choices(change)


def test_values_of_the_model_are_no_expressions_in_a_training(tmp_path, images):
    run = write_segmenter(tmp_path / "glands")
    served = ServedSegmenter(find_model(run), 0.5)
    config = json.loads((run / "inference.json").read_text())
    for value in ("$1", {"a": ["@device"]}, "%evaluating"):
        (run / "inference.json").write_text(json.dumps(config | {"encoder_options": value}))
        with pytest.raises(SettingError, match="takes plain values over"):
            fine_tune(served, images, tmp_path / "training", read_choices(SHORT))
    assert not (tmp_path / "training").exists()
