from monai_ext.data import find_features
from monai_ext.data.feature_check import read_all_facts
from monai_ext.data.feature_differences import level_differences, same_slides
from tests.data.feature_files import write_levels


def _facts(root):
    folder = find_features(root)
    return folder, read_all_facts(folder, folder.slides)[0]


def test_the_odd_one_is_told_at_its_level(tmp_path):
    for name in "abc":
        write_levels(tmp_path, name, weight_hash="w1" if name == "b" else "w0", levels=(1,))
        write_levels(tmp_path, name, levels=(0,))
    folder, facts = _facts(tmp_path)
    problems, unsaid = level_differences(folder, facts)
    assert problems == [
        f"slide 'b' in {folder.levels[1].folder}: encoder weights w1, others have w0"
    ]
    assert unsaid == []


def test_unsaid_things_are_named_once(tmp_path):
    for name in "abc":
        write_levels(tmp_path, name, weight_hash=None, tile_px=None if name == "a" else 256)
    assert level_differences(*_facts(tmp_path)) == ([], ["encoder weights", "tile size"])


def test_one_slide_under_two_names_is_told(tmp_path):
    for name in "abcd":
        write_levels(tmp_path, name, slide_hash=None if name in "cd" else "same")
    assert same_slides(_facts(tmp_path)[1]) == ["slides 'a', 'b' are one and the same file"]
