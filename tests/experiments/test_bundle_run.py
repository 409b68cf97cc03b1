"""A bundle is found by path or name, and run in three steps with the values that were given."""

import json

import pytest

from monai_ext.errors import SettingError
from monai_ext.experiments.bundle_run import find_bundle, require_known_ids, run_bundle

pytestmark = pytest.mark.usefixtures("trusted")  # the steps are the tests' own
APPEND = "$open(@log, 'a').write('{0} ' + str(@{1}) + chr(10))"


@pytest.fixture
def bundle(tmp_path):
    """Its steps write what they see into ``log``."""
    configs = tmp_path / "shelf/one/configs"
    configs.mkdir(parents=True)
    (configs / "metadata.json").write_text("{}")
    steps = {"initialize": "value", "run": "nested#inner", "finalize": "bundle_root"}
    train = {name: [APPEND.format(name, seen)] for name, seen in steps.items()}
    train |= {"bundle_root": ".", "log": "", "value": 1, "nested": {"inner": 1}}
    (configs / "train.json").write_text(json.dumps(train))
    (configs / "evaluate.json").write_text(json.dumps({"value": 2, "nested": {"inner": 2}}))
    return tmp_path / "shelf/one"


def lines_of(tmp_path, bundle, configs, **overrides):
    log = tmp_path / "log.txt"
    run_bundle(bundle, configs, workflow_type="train", log=str(log), **overrides)
    return log.read_text().splitlines()


def test_steps_run_once_in_order_with_the_bundles_own_root(tmp_path, bundle):
    found = lines_of(tmp_path, bundle, ["train.json"])
    assert found == ["initialize 1", "run 1", f"finalize {bundle}"]


def test_later_files_win_and_overrides_win_over_all(tmp_path, bundle):
    both = ["train.json", "evaluate.json"]
    found = lines_of(tmp_path, bundle, both, **{"nested::inner": 3})
    assert found[:2] == ["initialize 2", "run 3"]


def test_root_may_be_given(tmp_path, bundle):
    assert lines_of(tmp_path, bundle, ["train.json"], bundle_root="/x")[2] == "finalize /x"


def test_own_bundles_are_found_by_name_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = find_bundle("pathology_m2otca_classification")
    assert (found / "configs/train.json").is_file()


def test_bundles_of_the_working_folder_go_before_the_own_ones(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "bundles/pathology_m2otca_classification"
    (mine / "configs").mkdir(parents=True)
    (mine / "configs/metadata.json").touch()
    assert find_bundle(mine.name).resolve() == mine


def test_unknown_bundle_names_those_that_there_are(tmp_path):
    rule = r"no bundle .*absent found\..*pathology_m2otca_classification, .*pathology_tile_feature"
    with pytest.raises(SettingError, match=rule):
        find_bundle(tmp_path / "absent")


def test_ids_of_training_and_evaluation_are_known_and_nested_ones_by_their_first(bundle):
    configs = bundle / "configs"
    found = json.loads((configs / "evaluate.json").read_text())
    (configs / "evaluate.json").write_text(json.dumps({**found, "validate#dataset": 1}))
    known = ["value", "nested#inner", "nested::other", "validate#handlers"]
    require_known_ids(bundle, known)
    with pytest.raises(SettingError, match="nowhere"):
        require_known_ids(bundle, [*known, "nowhere"])


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["valuex"], r"one has no valuex\. .*did you mean value"),
        (["nest#inner", "value"], r"one has no nest#inner\. "),
        (["zzz", "qqq"], r"no zzz, qqq\. .*look into"),
    ],
)
def test_ids_that_would_be_ignored_are_refused(bundle, ids, message):
    with pytest.raises(SettingError, match=message):
        require_known_ids(bundle, ids)
