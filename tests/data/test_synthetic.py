"""Invented slides: truth where it is said to be, at one magnification, the same by seed."""

import csv
from dataclasses import replace

import numpy as np
import openslide
import pytest
from PIL import Image

from monai_ext.data.pyramid_tiff import halve
from monai_ext.data.synthetic import SyntheticSpec, paint_slide, write_synthetic_cohort
from monai_ext.data.truth_files import outlines_mask, read_outlines

SPEC = SyntheticSpec(
    size_px=1024,
    mpp=0.5,
    blobs=(2, 3),
    blob_um=95,
    lesions=(2, 3),
    lesion_um=40,
    nuclei_per_mm2=(2200, 2800),
    nucleus_um=(3.2, 3.6),
    stain_spread=4.0,
    grain=24,
)


def paint(spec: SyntheticSpec, *, has_lesions: bool = True, seed: int = 3):
    return paint_slide(spec, np.random.default_rng(seed), has_lesions=has_lesions)


def test_label_is_invisible_at_half_the_magnification():
    planted, plain = paint(SPEC), paint(replace(SPEC, grain=0))
    np.testing.assert_array_equal(halve(planted.pixels), halve(plain.pixels))
    assert (planted.pixels != plain.pixels).any()


def test_grain_lies_in_the_lesions_only():
    planted, plain = paint(SPEC), paint(replace(SPEC, grain=0))
    changed = (planted.pixels != plain.pixels).any(axis=-1)
    lesions = outlines_mask(planted.lesions, (1024, 1024), 1)
    assert changed[lesions].mean() > 0.03
    assert (changed & ~lesions).sum() < 0.1 * changed.sum()  # nuclei cut by an outline


def test_glass_is_empty_and_tissue_pink():
    slide = paint(SPEC)
    tissue = outlines_mask(slide.tissue, (1024, 1024), 1)
    glass = slide.pixels[:10].reshape(-1, 3)
    assert glass.min() > 238
    assert np.ptp(glass) == 0
    red, green, _ = slide.pixels[tissue].mean(axis=0)
    assert red - green > 30


def test_normal_slides_have_no_lesions():
    assert paint(SPEC, has_lesions=False).lesions == []


def test_cohort_truth_and_slides_agree(tmp_path):
    assert len(list(write_synthetic_cohort(SPEC, 6, 0, tmp_path))) == 6
    with (tmp_path / "cohort.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["label"] for row in rows} == {"normal", "lesion"}
    for row in rows:
        outlines = read_outlines(tmp_path / "truth" / f"{row['slide']}.geojson")
        mask = np.asarray(Image.open(tmp_path / "truth" / f"{row['slide']}.png"))
        assert bool(outlines) == (row["label"] == "lesion") == mask.any()
        np.testing.assert_array_equal(mask, outlines_mask(outlines, (1024, 1024), 8))
        with openslide.OpenSlide(tmp_path / "slides" / f"{row['slide']}.tif") as slide:
            assert float(slide.properties["openslide.mpp-x"]) == pytest.approx(0.5, rel=1e-6)


def test_patients_have_one_label_and_one_or_two_slides(tmp_path):
    list(
        write_synthetic_cohort(replace(SPEC, size_px=256, blob_um=20, lesion_um=4), 12, 0, tmp_path)
    )
    with (tmp_path / "cohort.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    by_patient = {}
    for row in rows:
        by_patient.setdefault(row["patient"], []).append(row["label"])
    assert {len(labels) for labels in by_patient.values()} == {1, 2}
    assert all(len(set(labels)) == 1 for labels in by_patient.values())


def test_same_seed_gives_the_same_bytes(tmp_path):
    small = replace(SPEC, size_px=512, blob_um=45, lesion_um=20)
    for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
        list(write_synthetic_cohort(small, 2, seed, tmp_path / folder))
    one, same, other = (tmp_path / f / "slides" / "synthetic_001.tif" for f in "abc")
    assert one.read_bytes() == same.read_bytes()
    assert one.read_bytes() != other.read_bytes()


def test_existing_slides_stay(tmp_path):
    small = replace(SPEC, size_px=256, blob_um=20)
    slide = tmp_path / "slides" / "synthetic_000.tif"
    slide.parent.mkdir()
    slide.write_bytes(b"earlier")
    list(write_synthetic_cohort(small, 1, 0, tmp_path))
    assert slide.read_bytes() == b"earlier"
