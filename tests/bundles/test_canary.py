"""What a slide knows of its patient stays in the slide: nothing of it is written anywhere."""

import base64
import csv
import io
import logging
import re

import numpy as np
import openslide
import pytest
import tifffile
from PIL import Image

from monai_ext.data import find_features, write_splits
from monai_ext.experiments import predict, run_bundle
from monai_ext.testing.tiny_slides import write_tiny_slide
from tests.bundles.segmentation_runs import train as train_segmenter
from tests.engines.tiny_extraction import TISSUE

NAME, NUMBER = "CanaryPatientName", "CANARY-4711-PATIENT"
MAGENTA = (255, 0, 255)
EXTRACTION = "pathology_tile_feature_extraction"
BASELINES = "pathology_mil_baselines_classification"
NO_TRACE = (".csv", ".json")  # tables that are made to hold patients' numbers


def write_slide(path, colour, number):
    """An Aperio file with the patient in its description, a label image and a macro image."""
    image = np.full((256, 256, 3), 245, np.uint8)
    image[32:224, 32:224] = np.array(colour) - 3 * number  # no two slides are the same file
    image[40:200:7, 40:200:5] = np.array(colour) // 2
    text = f"Aperio Image Library v1\n256x256 (128x128)|AppMag = 20|MPP = 0.5|Patient = {NAME}"
    write_tiny_slide(path, image, description=text, factors=(1, 2))
    associated = np.full((64, 96, 3), MAGENTA, np.uint8)
    for kind, subfile in (("label", 1), ("macro", 9)):  # as scanners mark them
        title = f"Aperio Image Library v1\n{kind} 96x64 of {NAME}"
        tifffile.imwrite(
            *(path, associated),
            append=True,
            description=title,
            metadata=None,
            photometric="rgb",
            subfiletype=subfile,
            compression="deflate",
        )
    return path


@pytest.fixture
def slides(tmp_path):
    folder = tmp_path / "slides"
    folder.mkdir()
    rows = []
    for number in range(8):
        colour = [(200, 80, 150), (120, 60, 190)][number % 2]
        write_slide(folder / f"s{number}.svs", colour, number)
        rows.append([f"s{number}", f"{NUMBER}-{number}", ["negative", "positive"][number % 2]])
    with (tmp_path / "cohort.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([["slide", "patient", "label"], *rows])
    return folder


def every_text(path):
    """A file's bytes, and what its pictures carry besides pixels."""
    yield path.read_bytes()
    for content in pictures(path):
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
            yield repr((picture.info, dict(picture.getexif()))).encode()


def pictures(path):
    """Pictures of a file: itself, or those inside a page or an event file."""
    content = path.read_bytes()
    if path.suffix in {".png", ".jpg"}:
        yield content
    elif path.suffix == ".html":
        for match in re.finditer(rb"base64,([A-Za-z0-9+/=]+)", content):
            yield base64.b64decode(match.group(1))
    elif ".tfevents." in path.name:
        for match in re.finditer(rb"\x89PNG\r\n\x1a\n.*?IEND....", content, re.DOTALL):
            yield match.group(0)


def is_magenta(content):
    with Image.open(io.BytesIO(content)) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    near = np.abs(pixels - MAGENTA).max(-1) < 40
    return near.mean() > 0.02


def test_the_slides_hold_what_must_not_get_out(slides):
    with openslide.OpenSlide(slides / "s0.svs") as slide:
        assert set(slide.associated_images) >= {"label", "macro"}
        assert is_magenta(png(slide.associated_images["label"]))
        assert NAME in str(dict(slide.properties))


def png(image):
    out = io.BytesIO()
    image.convert("RGB").save(out, "PNG")
    return out.getvalue()


def test_no_patient_and_no_label_image_leaves_the_slide(
    slides, toy, prompts, tmp_path, caplog, capfd
):
    caplog.set_level(logging.DEBUG)
    out = tmp_path / "out"
    extracted = {"dataset_dir": str(slides), "output_dir": str(out / "features"), "tile_px": 32}
    extracted |= {"encoder": "tiny", "batch_size": 8, "device": "cpu", "tissue": TISSUE}
    run_bundle(EXTRACTION, ["inference.json"], workflow_type="infer", **extracted)
    found = find_features(out / "features")
    splits = write_splits(tmp_path / "splits", tmp_path / "cohort.csv", found, folds=2, seed=0)
    where = {"datalist": str(splits[0]), "output_dir": str(out / "run")}
    quick = {"epochs": 1, "levels": [0], "num_workers": 0}
    run_bundle(BASELINES, ["train.json"], workflow_type="train", **where, **quick)
    run_bundle(BASELINES, ["train.json", "evaluate.json"], workflow_type="train", **where, **quick)
    predict(out / "run", out / "predicted", slides=slides, features=out / "features")

    train_segmenter(toy, out / "segmenter", prompts)
    predict(out / "segmenter", out / "segmented", slides=slides, overrides={"tissue": TISSUE})

    written = [path for path in out.rglob("*") if path.is_file()]
    kinds = {"".join(path.suffixes[-1:]) for path in written}
    assert {".png", ".html", ".geojson", ".h5", ".pt"} <= kinds
    assert any(".tfevents." in path.name for path in written)
    seen = 0
    for path in written:
        for text in every_text(path):
            assert NAME.encode() not in text, path
            assert NUMBER.encode() not in text or path.suffix in NO_TRACE, path
        for content in pictures(path):
            seen += 1
            assert not is_magenta(content), path
    assert seen > 20
    streams = capfd.readouterr()
    for text in (caplog.text, streams.out, streams.err):
        assert NAME not in text
        assert NUMBER not in text
