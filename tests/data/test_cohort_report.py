import numpy as np

from monai_ext.data import inspect_features
from tests.data.feature_files import cohort_of, write_clam, write_levels


def test_levels_are_described(tmp_path):
    for name in ("a", "b"):
        write_levels(tmp_path, name)
    report = inspect_features(tmp_path)
    fine, coarse = report.levels
    assert (fine.num_files, fine.num_tiles, coarse.num_tiles) == (2, 32, 8)
    assert (fine.encoder_ids, fine.widths, fine.sources) == (("tiny",), (6,), ("monai_ext",))
    assert (fine.magnifications, coarse.mpps) == ((20.0,), (1.0, 1.0))
    assert (fine.tile_px, coarse.steps_px) == ((256,), (1024,))
    assert report.num_slides == 2
    assert report.is_sound
    assert report.no_place is None


def test_faults_are_found(tmp_path):
    for name in "abcde":
        odd = {"c": {"weight_hash": "w1"}, "d": {"slide_hash": "hash of a"}}.get(name, {})
        files = write_levels(tmp_path, name, **odd)
    files[1].unlink()
    write_levels(tmp_path, "f")[0].write_bytes(b"")
    nothing = {"features": np.zeros((0, 6), np.float32), "coords": np.zeros((0, 2), np.int64)}
    write_levels(tmp_path, "g", **nothing)
    report = inspect_features(tmp_path)
    assert list(report.missing_levels) == ["e"]
    assert len(report.damaged) == 1
    assert "slide 'f'" in report.damaged[0]
    assert len(report.differences) == 2
    assert all("slide 'c'" in line for line in report.differences)
    assert report.duplicates == ("slides 'a', 'd' are one and the same file",)
    assert report.without_tissue == ("g",)
    assert not report.is_sound


def test_the_table_is_compared(tmp_path):
    for name in "abc":
        write_levels(tmp_path, name)
    rows = [("a", "p", "a"), ("b", "p", "b"), ("z", "q", "a")]
    report = inspect_features(tmp_path, cohort_of(rows, "abc"))
    cohort = report.cohort
    assert cohort is not None
    assert (cohort.num_slides, cohort.num_patients, cohort.most_slides_a_patient) == (3, 2, 2)
    assert cohort.labels == {"a": 2, "b": 1, "c": 0}
    assert cohort.mixed_patients == ("p",)
    assert cohort.without_features == ("z",)
    assert cohort.without_label == ("c",)
    assert not report.is_sound


def test_why_there_are_no_places_is_told(tmp_path):
    write_clam(tmp_path / "a.h5", np.ones((1, 2)), np.zeros((1, 2)))
    report = inspect_features(tmp_path)
    assert report.no_place is not None
    assert "--step_px" in report.no_place
    assert "encoder" in report.not_said
    assert report.is_sound
