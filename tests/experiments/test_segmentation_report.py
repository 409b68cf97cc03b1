"""Means and intervals of a table against resampling written out as a loop."""

import csv
import math

import numpy as np
import pytest

from monai_ext.errors import CohortError, SettingError
from monai_ext.experiments.segmentation_report import segmentation_report

ROWS = [
    {"slide": "a", "patient": "p", "mdice": 0.9, "object_hausdorff_um": "", "tp_x": 9, "fp_x": 1},
    {"slide": "b", "patient": "p", "mdice": 0.8, "object_hausdorff_um": 4, "tp_x": 6, "fp_x": 3},
    {
        "slide": "c",
        "patient": "q",
        "mdice": 0.1,
        "object_hausdorff_um": "inf",
        "tp_x": 0,
        "fp_x": 9,
    },
    {"slide": "d", "patient": "r", "mdice": "nan", "object_hausdorff_um": 8, "tp_x": 5, "fp_x": 5},
    {"slide": "e", "patient": "", "mdice": 0.7, "object_hausdorff_um": 2, "tp_x": 3, "fp_x": 2},
]


def write(path, rows):
    full = [row | {"miou": row["mdice"], "fn_x": 1} for row in rows]
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(full[0]))
        writer.writeheader()
        writer.writerows(full)
    return path


@pytest.fixture
def path(tmp_path):
    return write(tmp_path / "scores.csv", ROWS)


def test_means_are_over_the_images_that_have_the_score(path):
    report = segmentation_report(path, seed=0, resamples=10)
    assert (report.images, report.patients) == (5, 4)
    lines = {name: (line.images, line.value.estimate) for name, line in report.means.items()}
    assert lines == {
        "mdice": (4, pytest.approx((0.9 + 0.8 + 0.1 + 0.7) / 4)),
        "miou": (4, pytest.approx((0.9 + 0.8 + 0.1 + 0.7) / 4)),
        "object_hausdorff_um": (3, pytest.approx(14 / 3)),
    }


def test_pooled_scores_add_pixels(path):
    pooled = segmentation_report(path, seed=0, resamples=10).pooled
    assert pooled["dice_x"].value.estimate == pytest.approx(46 / (46 + 20 + 5))
    assert pooled["iou_x"].value.estimate == pytest.approx(23 / (23 + 20 + 5))
    assert pooled["dice_x"].images == 5


def test_intervals_resample_patients_with_all_their_images(path):
    """Every way of drawing 4 of 4 patients, with its chance: quantiles of the very distribution."""
    values = [[0.9, 0.8], [0.1], [], [0.7]]
    pixels = [(15, 15 + 4 + 2), (0, 9 + 1), (5, 5 + 5 + 1), (3, 3 + 2 + 1)]
    draws = np.stack(np.meshgrid(*[range(4)] * 4), axis=-1).reshape(-1, 4)
    means = [np.mean([v for n in draw for v in values[n]] or [np.nan]) for draw in draws]
    ratios = [sum(pixels[n][0] for n in d) / sum(pixels[n][1] for n in d) for d in draws]
    report = segmentation_report(path, seed=3, resamples=20_000, confidence=0.8)
    for line, exact in ((report.means["mdice"], means), (report.pooled["iou_x"], ratios)):
        low, high = np.nanquantile(exact, [0.1, 0.9])
        assert (line.value.low, line.value.high) == pytest.approx((low, high), abs=0.02)
    assert report.means["mdice"].value.redrawn > 0


def test_the_seed_decides_the_resamples(path):
    one, same, other = (
        segmentation_report(path, seed=seed, resamples=7).pooled["iou_x"].value
        for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other


def test_images_without_patient_are_patients_of_their_own(path):
    rows = [row | {"patient": ""} for row in ROWS]
    assert segmentation_report(write(path, rows), seed=0, resamples=10).patients == 5


def test_one_patient_has_no_interval(tmp_path):
    report = segmentation_report(write(tmp_path / "s.csv", ROWS[:2]), seed=0)
    value = report.means["mdice"].value
    assert value.estimate == pytest.approx(0.85)
    assert value.resamples == 0
    assert math.isnan(value.low)


def test_score_of_one_patient_among_others_has_no_interval(path):
    rows = [row | {"mdice": 0.5 if n < 2 else "nan"} for n, row in enumerate(ROWS)]
    value = segmentation_report(write(path, rows), seed=0).means["mdice"].value
    assert (value.estimate, value.resamples) == (0.5, 0)


def test_distances_in_um_are_left_out_where_no_image_has_one(path):
    rows = [row | {"object_hausdorff_um": ""} for row in ROWS]
    assert "object_hausdorff_um" not in segmentation_report(write(path, rows), seed=0).means


def test_score_that_no_image_has_is_undefined(path):
    rows = [row | {"object_hausdorff_um": "inf"} for row in ROWS]
    line = segmentation_report(write(path, rows), seed=0).means["object_hausdorff_um"]
    assert line.images == 0
    assert math.isnan(line.value.estimate)


@pytest.mark.parametrize("wrong", [{"resamples": 0}, {"confidence": 1.0}])
def test_impossible_resamples_are_refused(path, wrong):
    with pytest.raises(SettingError, match="try resamples=2000"):
        segmentation_report(path, seed=0, **wrong)


def test_words_in_place_of_numbers_are_named(path):
    rows = [row | {"mdice": "good"} for row in ROWS]
    with pytest.raises(CohortError, match=r"column mdice of .*could not convert"):
        segmentation_report(write(path, rows), seed=0)


def test_table_without_rows_is_refused(path):
    path.write_text("slide,patient,mdice,miou\n")
    with pytest.raises(CohortError, match="has no row"):
        segmentation_report(path, seed=0)
