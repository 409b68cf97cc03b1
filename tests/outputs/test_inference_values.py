"""A run's values are read back; a folder that is no run says so in one line."""

import json

import pytest

from monai_ext.outputs.inference_values import read_inference_values


def test_values_are_those_of_the_file(tmp_path):
    (tmp_path / "inference.json").write_text(json.dumps({"norm": "group", "embed_dim": 8}))
    assert read_inference_values(tmp_path) == {"norm": "group", "embed_dim": 8}


def test_a_folder_that_is_no_run_is_one_line(tmp_path):
    for text in (None, "no json"):
        if text is not None:
            (tmp_path / "inference.json").write_text(text)
        with pytest.raises(SystemExit, match=r"SettingError: .*train first"):
            read_inference_values(tmp_path)
