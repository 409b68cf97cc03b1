"""Facts about features become lines that name levels, faults and slides."""

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from monai_ext.data.cohort_report import CohortReport, FeatureReport, LevelReport
from monai_ext.doctor import features as module
from monai_ext.doctor.features import feature_lines, listed
from monai_ext.testing.toy_cohort import write_toy_cohort, write_toy_features

LEVEL = LevelReport(
    folder=Path("20x"),
    num_files=3,
    num_tiles=70,
    sources=("trident",),
    encoder_ids=("uni_v1",),
    widths=(1024,),
    magnifications=(20.0,),
    mpps=(0.5, 0.5),
    tile_px=(256,),
    steps_px=(512.0,),
)
TABLE = CohortReport(
    num_slides=3,
    num_patients=2,
    labels={"neg": 1, "pos": 2},
    most_slides_a_patient=1,
    mixed_patients=(),
    without_features=(),
    without_label=(),
)
REPORT = FeatureReport(
    root=Path("f"),
    levels=(LEVEL,),
    num_slides=3,
    missing_levels={},
    damaged=(),
    differences=(),
    duplicates=(),
    not_said=(),
    without_tissue=(),
    no_place=None,
    cohort=None,
)


@pytest.fixture
def lines_of(monkeypatch):
    """Lines of a report that was written down by hand."""

    def lines(**changes):
        report = replace(REPORT, **changes)
        monkeypatch.setattr(module, "inspect_features", lambda folder, cohort: report)
        return feature_lines(Path("f"), None)

    return lines


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, ""), (2, "0, 1"), (5, "0, 1, 2, 3, 4"), (7, "0, 1, 2, 3, 4 and 2 more")],
)
def test_names_are_listed_up_to_five(count, expected):
    assert listed([str(k) for k in range(count)]) == expected


def test_sound_features_are_two_lines_and_a_verdict(lines_of):
    assert lines_of() == [
        "Features in f: 3 slides, 1 levels",
        "  level 0: 20x, 0.5 um/px, encoder uni_v1, 1024 wide, 3 files, 70 tiles, layout trident",
        "All of it can be split and trained on.",
    ]


def test_what_files_do_not_say_is_said(lines_of):
    silent = replace(LEVEL, magnifications=(), mpps=None, encoder_ids=())
    assert lines_of(levels=(silent,))[1] == (
        "  level 0: magnification not said, mpp not said, encoder not said, 1024 wide, 3 files, "
        "70 tiles, layout trident"
    )


def test_what_differs_within_a_level_stands_side_by_side(lines_of):
    mixed = replace(
        LEVEL,
        magnifications=(20.0, 40.0),
        mpps=(0.25, 0.5031),
        encoder_ids=("tiny", "uni_v1"),
        widths=(16, 1024),
        sources=("clam", "trident"),
    )
    assert lines_of(levels=(LEVEL, mixed))[2] == (
        "  level 1: 20x/40x, 0.25 to 0.503 um/px, encoder tiny/uni_v1, 16/1024 wide, 3 files, "
        "70 tiles, layout clam/trident"
    )


@pytest.mark.parametrize(
    ("changes", "line", "is_sound"),
    [
        ({"damaged": ("a.h5: cut",)}, "  damaged: a.h5: cut", False),
        ({"differences": ("a is 3 wide",)}, "  unlike the others: a is 3 wide", False),
        ({"duplicates": ("a = b",)}, "  there twice: a = b", False),
        ({"missing_levels": {"a": [Path("5x")]}}, "  a: no file in 5x", False),
        ({"without_tissue": ("a", "b")}, "  without tissue, in no split: a, b", True),
        ({"not_said": ("mpp",)}, "  not said by all files, so not compared: mpp", True),
        ({"no_place": "no step"}, "  no place on a grid, so no spatial method: no step", True),
    ],
)
def test_each_fault_has_its_line_and_the_verdict_follows(lines_of, changes, line, is_sound):
    lines = lines_of(**changes)
    verdict = "All of it can be split and trained on." if is_sound else "Mend this first."
    assert lines[2:] == [line, verdict]


def test_sound_table_is_one_line(lines_of):
    assert lines_of(cohort=TABLE)[2:-1] == ["Table: 3 slides of 2 patients; neg 1, pos 2"]


def test_table_says_what_a_split_has_to_mind(lines_of):
    table = replace(
        TABLE,
        most_slides_a_patient=4,
        mixed_patients=("p1",),
        without_features=("x",),
        without_label=("y", "z"),
    )
    assert lines_of(cohort=table)[3:] == [
        "  up to 4 slides a patient: splits keep them together",
        "  patients with slides of several classes: p1",
        "  in the table, but no features: x",
        "  features, but not in the table: y, z",
        "Mend this first.",
    ]


def test_features_and_table_that_fit_are_said_to(tmp_path):
    write_toy_cohort(tmp_path)
    lines = feature_lines(tmp_path / "features", tmp_path / "cohort.csv")
    level = "10x, 1 um/px, encoder toy, 5 wide, 16 files, 256 tiles, layout monai_ext"
    assert f"  level 1: {level}" in lines
    assert lines[-3:] == [
        "Table: 16 slides of 12 patients; negative 8, positive 8",
        "  up to 2 slides a patient: splits keep them together",
        "All of it can be split and trained on.",
    ]


def test_slide_without_a_level_and_one_without_tissue_are_named(tmp_path):
    for k, name in enumerate(("whole", "half", "empty")):
        write_toy_features(tmp_path, name, signal=0, seed=k)
    (tmp_path / "10x_256px_0px_overlap/features_toy/half.h5").unlink()
    for path in tmp_path.rglob("empty.h5"):
        _empty(path)
    lines = feature_lines(tmp_path, None)
    assert f"  half: no file in {tmp_path}/10x_256px_0px_overlap/features_toy" in lines
    assert "  without tissue, in no split: empty" in lines


def _empty(path):
    """Keep the attributes and no tile."""
    with h5py.File(path, "r+") as file:
        for name in ("features", "coords"):
            kept, values = dict(file[name].attrs), np.asarray(file[name])[:0]
            del file[name]
            file.create_dataset(name, data=values).attrs.update(kept)
