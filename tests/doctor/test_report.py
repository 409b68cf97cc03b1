"""The doctor tells what is there and what is missing, in plain words."""

import pytest

from monai_ext.doctor import report
from monai_ext.errors import SettingError
from monai_ext.testing.shared_data import shared_data_path
from monai_ext.testing.toy_cohort import write_toy_cohort


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    write_toy_cohort(folder)
    return folder


@pytest.fixture
def _quick(monkeypatch):
    """No process for cuCIM: that takes ten seconds each time."""
    monkeypatch.setattr("monai_ext.doctor.readers.in_child", lambda path: "not tried")


def test_machine_report_names_versions_readers_and_licences():
    text = report()
    assert "monai 1." in text
    assert "strip: works" in text
    assert "openslide: works" in text
    assert "efficientnet_lite0 (1280 wide): Apache-2.0, commercial use allowed; at hand" in text


@pytest.mark.usefixtures("_quick")
def test_features_and_table_that_fit_are_said_to(cohort):
    text = report(cohort / "features", cohort / "cohort.csv")
    assert "16 slides, 3 levels" in text
    assert "level 1: 10x, 1 um/px, encoder toy, 5 wide, 16 files, 256 tiles" in text
    assert "16 slides of 12 patients; negative 8, positive 8" in text
    assert text.endswith("All of it can be split and trained on.")


@pytest.mark.usefixtures("_quick")
def test_missing_features_and_labels_are_listed(cohort, tmp_path):
    table = (cohort / "cohort.csv").read_text().replace("slide1a,", "absent,")
    (tmp_path / "cohort.csv").write_text(table)
    text = report(cohort / "features", tmp_path / "cohort.csv")
    assert "in the table, but no features: absent" in text
    assert "features, but not in the table: slide1a" in text
    assert text.endswith("Mend this first.")


@pytest.mark.usefixtures("_quick")
def test_slides_are_told_with_their_faults():
    text = report(shared_data_path("slides"))
    assert "cmu-1-small-region: 2220 x 2967 px, 1 levels, 0.499 um/px, aperio" in text
    assert "tcga-cr-7395-01a-01-ts1: slide" in text
    assert "--mpp" in text


@pytest.mark.usefixtures("_quick")
def test_folder_that_is_none_is_named(tmp_path):
    with pytest.raises(SettingError, match="absent is no folder"):
        report(tmp_path / "absent")
