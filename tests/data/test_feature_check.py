import logging

import h5py
import numpy as np
import pytest

from monai_ext.data import check_features, find_features, write_features
from monai_ext.errors import CohortError, FeatureError
from tests.data.feature_files import item, write_levels, write_trident

NAMES = ["a", "b", "c"]


def _folder(root, **odd):
    for name in NAMES:
        write_levels(root, name, **(odd if name == "c" else {}))
    return find_features(root)


def test_features_that_belong_together_pass(tmp_path):
    checked = check_features(_folder(tmp_path), NAMES)
    assert (checked.in_channels, checked.levels) == ((6, 6), (0, 1))
    assert checked.encoder_ids == ("tiny", "tiny")
    assert set(checked.files) == set(NAMES)
    assert checked.files["a"] == tuple(find_features(tmp_path).files("a"))


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        ({"encoder_id": "resnet50"}, "encoder resnet50, others have tiny"),
        ({"weight_hash": "w1"}, "encoder weights w1, others have w0"),
        ({"transform_hash": "t1"}, "tile transform t1, others have t0"),
        ({"tile_px": 512}, "tile size 512, others have 256"),
        ({"overlap_px": 32}, "overlap 32, others have 0"),
        ({"request_hash": "r1"}, "grid settings r1, others have"),
        ({"slide_hash": "hash of a"}, "slides 'a', 'c' are one and the same file"),
    ],
)
def test_a_slide_of_other_features_is_named(tmp_path, odd, message):
    with pytest.raises(CohortError, match=message) as caught:
        check_features(_folder(tmp_path, **odd), NAMES)
    assert "'c'" in str(caught.value)
    assert "slide 'b'" not in str(caught.value)


def test_another_width_is_named(tmp_path):
    folder = _folder(tmp_path)
    write_features(folder.files("c")[1], item("c", level=1, features=np.ones((4, 9), "f4")))
    with pytest.raises(CohortError, match=r"'c' in .*10x.*: width D 9, others have 6"):
        check_features(folder, NAMES)


def test_another_magnification_in_the_folder_is_named(tmp_path):
    folder = _folder(tmp_path)
    write_features(folder.files("c")[0], item("c", mpp=0.25))
    with pytest.raises(CohortError, match=r"magnification 40.0, others have 20.0"):
        check_features(folder, NAMES)


def test_levels_that_do_not_join_are_named(tmp_path):
    folder = _folder(tmp_path)
    write_features(folder.files("c")[1], item("c", level=1, step_px=1000))
    with pytest.raises(CohortError, match=r"levels of slide 'c' have steps of \[512, 1000\]"):
        check_features(folder, NAMES)


def test_another_place_on_the_grid_is_named(tmp_path):
    for name in NAMES:
        odd = {"grid_level": 1} if name == "c" else {}
        write_levels(tmp_path, name, levels=(0,), **odd)
    with pytest.raises(CohortError, match=r"slide 'c' has grid levels \(1,\), others have \(0,\)"):
        check_features(find_features(tmp_path), NAMES)


def test_all_missing_and_damaged_files_are_listed(tmp_path):
    folder = _folder(tmp_path)
    folder.files("b")[0].write_bytes(b"half")
    folder.files("a")[1].unlink()
    with pytest.raises(CohortError, match="4 problems") as caught:
        check_features(find_features(tmp_path), [*NAMES, "z"])
    text = str(caught.value)
    assert "slide 'a': no file in" in text
    assert text.count("slide 'z': no file in") == 2
    assert "slide 'b': file" in text


def test_levels_may_have_different_encoders(tmp_path):
    for name in NAMES:
        write_levels(tmp_path, name, levels=(0,))
        write_levels(tmp_path, name, levels=(1,), encoder_id="other", weight_hash="w9")
    assert check_features(find_features(tmp_path), NAMES).encoder_ids == ("tiny", "other")


def test_what_files_do_not_say_is_not_compared_with_one_warning(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        check_features(_folder(tmp_path, weight_hash=None, transform_hash=None), NAMES)
    assert len(caplog.records) == 1
    assert "encoder weights, tile transform: not compared" in caplog.text


def test_slides_without_tissue_are_set_aside(tmp_path):
    empty = {"features": np.zeros((0, 6), np.float32), "coords": np.zeros((0, 2), np.int64)}
    checked = check_features(_folder(tmp_path, **empty), NAMES)
    assert checked.without_tissue == ("c",)
    assert set(checked.files) == {"a", "b"}


def test_no_tissue_anywhere_is_refused(tmp_path):
    empty = {"features": np.zeros((0, 6), np.float32), "coords": np.zeros((0, 2), np.int64)}
    write_levels(tmp_path, "c", **empty)
    with pytest.raises(FeatureError, match="no slide has tissue"):
        check_features(find_features(tmp_path), ["c"])


def test_tridents_nominal_files_pass(tmp_path):
    for name in NAMES:
        path = tmp_path / "20x_256px_0px_overlap" / "features_uni_v1" / f"{name}.h5"
        write_trident(path, np.ones((4, 3), np.float32), np.zeros((4, 2), np.int64))
    checked = check_features(find_features(tmp_path), NAMES)
    assert (checked.in_channels, checked.levels) == ((3,), (0,))


def test_features_are_not_read(tmp_path, monkeypatch):
    folder = _folder(tmp_path)
    monkeypatch.setattr(h5py.Dataset, "__getitem__", lambda *_: pytest.fail("data were read"))
    assert check_features(folder, NAMES).levels
