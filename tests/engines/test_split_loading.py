"""A datalist is loaded, or refused in one line."""

import json

import pytest

from monai_ext.engines import load_split
from monai_ext.testing.toy_cohort import write_toy_cohort


@pytest.fixture(scope="module")
def datalist(tmp_path_factory):
    return write_toy_cohort(tmp_path_factory.mktemp("cohort"))[0]


def test_split_is_loaded_with_its_parts(datalist):
    found, text = load_split(datalist), json.loads(datalist.read_text())
    assert [item["slide"] for item in found.test] == [item["slide"] for item in text["test"]]
    assert found.in_channels == [6, 5, 4]


def test_number_sign_that_the_config_parser_took_comes_back(datalist, tmp_path):
    (tmp_path / "fold #1.json").write_text(datalist.read_text())
    text = json.loads(datalist.read_text())
    for part in ("training", "validation", "test"):
        for item in text[part]:
            item["image"] = [str((datalist.parent / path).resolve()) for path in item["image"]]
    (tmp_path / "fold #1.json").write_text(json.dumps(text))
    assert load_split(f"{tmp_path}/fold ::1.json").class_names == ["negative", "positive"]


@pytest.mark.parametrize(("name", "shown"), [("", "None"), ("absent.json", "absent.json")])
def test_missing_split_says_how_to_make_one(name, shown):
    line = rf"^CohortError: datalist {shown} does not exist\. .*python -m monai_ext split --help\.$"
    with pytest.raises(SystemExit, match=line):
        load_split(name)


def test_unsound_split_is_one_line_with_a_log(tmp_path):
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(SystemExit, match=r"^CohortError: .*broken\.json"):
        load_split(tmp_path / "broken.json", tmp_path / "run")
    assert "Traceback" in (tmp_path / "run/error.log").read_text()
