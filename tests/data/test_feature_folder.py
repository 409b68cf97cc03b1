import numpy as np
import pytest
import torch

from monai_ext.data import feature_path, find_features, write_features
from monai_ext.errors import FeatureError
from tests.data.feature_files import item, square, write_clam, write_levels, write_stamp

ONES = np.ones((16, 2))


def _job(root, names, mags=(20, 10), encoders=("uni_v1",), tile_px=256):
    for encoder in encoders:
        for mag in mags:
            for name in names:
                write_features(feature_path(root, mag, tile_px, encoder, name), item(name))
    return root


@pytest.mark.parametrize("inside", ["", "20x_256px_0px_overlap", "above"])
def test_trident_folders_are_levels_finest_first(tmp_path, inside):
    root = _job(tmp_path / "job", ["a b#ü", "b"], mags=(5, 20, 10))
    place = tmp_path if inside == "above" else root / inside
    folder = find_features(place)
    mags = [level.name.magnification for level in folder.levels]
    assert mags == ([20.0] if inside.startswith("20x") else [20.0, 10.0, 5.0])
    assert folder.slides == ("a b#ü", "b")
    assert set(folder.encoder_ids) == {"uni_v1"}
    expected = feature_path(root.resolve(), 20, 256, "uni_v1", "b")
    assert folder.files("b")[0] == expected


def test_the_folder_of_features_itself_will_do(tmp_path):
    path = write_levels(tmp_path, "a")[0]
    folder = find_features(path.parent)
    assert folder.files("a") == [path.resolve()]
    assert folder.encoder_ids == ("tiny",)


def test_tridents_other_files_are_left_alone(tmp_path):
    root = _job(tmp_path, ["a"], mags=(20,))
    level = root / "20x_256px_0px_overlap"
    write_clam(level / "patches" / "a_patches.h5", ONES, square())
    write_clam(level / "slide_features_titan" / "a.h5", ONES, square())
    (level / "features_uni_v1" / "b.h5.lock").touch()
    (level / "features_uni_v1" / ".123.partial.c.h5").touch()
    assert find_features(root).slides == ("a",)
    assert len(find_features(root).levels) == 1


def test_missing_levels_are_told(tmp_path):
    root = _job(tmp_path, ["a", "b"])
    feature_path(root, 10, 256, "uni_v1", "b").unlink()
    folder = find_features(root)
    assert [place.parent.name for place in folder.missing("b")] == ["10x_256px_0px_overlap"]
    assert folder.missing("a") == []
    with pytest.raises(FeatureError, match=r"slide 'b' has no file in .*10x_256px"):
        folder.files("b")


def test_several_encoders_are_listed_and_chosen(tmp_path):
    root = _job(tmp_path, ["a"], mags=(20,), encoders=("uni_v1", "resnet50"))
    with pytest.raises(FeatureError, match=r"features_resnet50, .*features_uni_v1.*--encoder"):
        find_features(root)
    assert find_features(root, encoder="resnet50").encoder_ids == ("resnet50",)


def test_an_encoder_a_level(tmp_path):
    root = _job(tmp_path, ["a"], encoders=("uni_v1", "resnet50"))
    folder = find_features(root, encoder=["resnet50", "uni_v1"])
    assert folder.encoder_ids == ("resnet50", "uni_v1")
    assert [level.name.magnification for level in folder.levels] == [20, 10]


@pytest.mark.parametrize("encoders", [["uni_v1"], ["uni_v1", "other"], ["uni_v1"] * 3])
def test_encoders_that_do_not_fit_the_levels_are_refused(tmp_path, encoders):
    with pytest.raises(FeatureError, match="one for each magnification"):
        find_features(_job(tmp_path, ["a"]), encoder=encoders)


def test_several_tile_sizes_are_listed_and_chosen(tmp_path):
    root = _job(_job(tmp_path, ["a"], mags=(20,)), ["a"], mags=(20,), tile_px=512)
    with pytest.raises(FeatureError, match=r"20x_256px.*20x_512px.*--tile_px"):
        find_features(root)
    assert find_features(root, tile_px=512).levels[0].name.tile_px == 512


def test_magnifications_are_chosen(tmp_path):
    root = _job(tmp_path, ["a"])
    (level,) = find_features(root, magnifications=[10]).levels
    assert level.name.magnification == 10


def test_a_choice_that_is_not_there_lists_what_is(tmp_path):
    with pytest.raises(FeatureError, match=r"encoder=virchow.*there are: 10x_256px.*features_uni"):
        find_features(_job(tmp_path, ["a"]), encoder="virchow")


def test_two_jobs_below_one_root_are_refused(tmp_path):
    _job(tmp_path / "one", ["a"], mags=(20,))
    _job(tmp_path / "two", ["b"], mags=(20,))
    with pytest.raises(FeatureError, match="several folders of one magnification"):
        find_features(tmp_path)


def test_clams_h5_files_come_before_its_pt_files(tmp_path):
    write_clam(tmp_path / "h5_files" / "a.h5", ONES, square())
    (tmp_path / "pt_files").mkdir()
    torch.save(torch.ones(16, 2), tmp_path / "pt_files" / "a.pt")
    assert find_features(tmp_path).files("a")[0].name == "a.h5"
    assert find_features(tmp_path / "pt_files").files("a")[0].name == "a.pt"


def test_h5_comes_before_pt_in_one_folder(tmp_path):
    torch.save(torch.ones(16, 2), tmp_path / "a.pt")
    write_clam(tmp_path / "a.h5", ONES, square())
    assert find_features(tmp_path).files("a")[0].name == "a.h5"


def test_a_stamp_folder_is_one_level(tmp_path):
    write_stamp(tmp_path / "uni2-1234abcd" / "x.y.h5", ONES, square() * 256.0, stamp_version="2")
    folder = find_features(tmp_path)
    assert folder.slides == ("x.y",)
    assert folder.levels[0].name is None


def test_several_stamp_folders_are_chosen_by_name(tmp_path):
    for name in ("uni2-1", "conch-2"):
        write_stamp(tmp_path / name / "a.h5", ONES, square() * 256.0, stamp_version="2")
    with pytest.raises(FeatureError, match=r"several folders of features.*conch-2.*uni2-1"):
        find_features(tmp_path)
    assert find_features(tmp_path, encoder="uni2-1").files("a")[0].parent.name == "uni2-1"


def test_no_features_is_told(tmp_path):
    with pytest.raises(FeatureError, match="no feature files"):
        find_features(tmp_path)
    with pytest.raises(FeatureError, match="is no folder"):
        find_features(tmp_path / "absent")
