"""GlaS becomes a cohort of slides; a damaged or missing source is named."""

import csv

import numpy as np
import openslide
import pytest
from PIL import Image

from monai_ext.data.glas import read_glas, write_glas_slides
from monai_ext.errors import CohortError, SlideError
from monai_ext.hashing import file_hash
from monai_ext.testing.shared_data import shared_data_path


@pytest.fixture
def source(tmp_path, np_rng):
    """Two invented images in the layout of GlaS."""
    folder = tmp_path / "glas"
    (folder / "images").mkdir(parents=True)
    (folder / "masks").mkdir()
    rows = []
    for name, patient, label in (("train_1", "3", "benign"), ("testA_2", "7", "malignant")):
        pixels = np_rng.integers(0, 255, (90, 120, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "images" / f"{name}.jpg")
        Image.fromarray(pixels[..., 0] > 127).save(folder / "masks" / f"{name}.png")
        digest = file_hash(folder / "images" / f"{name}.jpg")
        rows.append({"name": name, "patient_id": patient, "label": label, "image_sha256": digest})
    with (folder / "manifest.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return folder


def test_slides_masks_and_cohort_are_written(source, tmp_path):
    images = read_glas(source)
    assert list(write_glas_slides(images, tmp_path / "out")) == ["train_1", "testA_2"]
    table = (tmp_path / "out" / "cohort.csv").read_text().splitlines()
    assert table == ["slide,patient,label", "train_1,3,benign", "testA_2,7,malignant"]
    with openslide.OpenSlide(tmp_path / "out" / "slides" / "testA_2.tif") as slide:
        assert float(slide.properties["openslide.mpp-x"]) == pytest.approx(0.62, rel=1e-6)
        found = np.asarray(slide.read_region((0, 0), 0, (120, 90)).convert("RGB"))
    assert np.abs(found.astype(int) - images[1].read_image()).mean() < 3
    mask = Image.open(tmp_path / "out" / "masks" / "train_1.png").convert("1")
    np.testing.assert_array_equal(np.asarray(mask), images[0].read_mask())


def test_existing_slides_are_kept(source, tmp_path):
    slide = tmp_path / "out" / "slides" / "train_1.tif"
    slide.parent.mkdir(parents=True)
    slide.write_bytes(b"earlier")
    list(write_glas_slides(read_glas(source), tmp_path / "out"))
    assert slide.read_bytes() == b"earlier"


def test_changed_image_is_refused(source, tmp_path):
    with (source / "images" / "train_1.jpg").open("ab") as stream:
        stream.write(b"more")
    with pytest.raises(SlideError, match=r"train_1\.jpg differs from its manifest"):
        list(write_glas_slides(read_glas(source), tmp_path / "out"))
    assert not (tmp_path / "out" / "cohort.csv").exists()


def test_missing_source_says_what_to_give(tmp_path):
    with pytest.raises(CohortError, match="give the folder with --source"):
        read_glas(tmp_path)


def test_all_missing_files_are_named(source):
    (source / "images" / "train_1.jpg").unlink()
    (source / "masks" / "testA_2.png").unlink()
    with pytest.raises(CohortError, match=r"missing: .*train_1\.jpg, .*testA_2\.png"):
        read_glas(source)


def test_manifest_without_labels_is_refused(source):
    (source / "manifest.csv").write_text("name,patient_id\ntrain_1,3\n")
    with pytest.raises(CohortError, match=r"it has at least .*'label'"):
        read_glas(source)


def test_unknown_label_is_refused(source):
    text = (source / "manifest.csv").read_text().replace("benign", "unsure")
    (source / "manifest.csv").write_text(text)
    with pytest.raises(CohortError, match="label 'unsure' of train_1"):
        read_glas(source)


def test_real_counts_agree_with_the_published_ones():
    images = read_glas(shared_data_path("glas"))
    counts = {label: sum(i.label == label for i in images) for label in ("benign", "malignant")}
    assert counts == {"benign": 70, "malignant": 75}
    assert len({i.patient for i in images}) == 16
