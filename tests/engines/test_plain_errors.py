"""Typed errors become one line; other errors stay what they are."""

import pytest
from monai.transforms.transform import apply_transform

from monai_ext.engines import plain_errors
from monai_ext.errors import CohortError


def test_typed_error_becomes_its_last_line_and_a_log(tmp_path):
    line = r"^CohortError: x\.csv is empty\. Rule: .* Repair: .*\.$"
    with pytest.raises(SystemExit, match=line), plain_errors(tmp_path):
        raise CohortError("x.csv is empty", "a cohort has rows", "add rows")
    assert "Traceback" in (tmp_path / "error.log").read_text()


def test_fault_of_the_program_is_not_hidden(tmp_path):
    with pytest.raises(ZeroDivisionError), plain_errors(tmp_path):
        _ = 1 / 0
    assert not (tmp_path / "error.log").exists()


def test_message_survives_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "out"
    with pytest.raises(SystemExit, match=r"x\.csv is empty"), plain_errors(out):
        raise CohortError("x.csv is empty", "a cohort has rows", "add rows")


def test_typed_error_inside_a_transform_is_found(tmp_path):
    def load(_):
        raise CohortError("x.csv is empty", "a cohort has rows", "add rows")

    with pytest.raises(SystemExit, match=r"^CohortError: x\.csv is empty"), plain_errors(tmp_path):
        apply_transform(load, 1, log_stats=False)


def test_other_error_inside_a_transform_is_not_hidden(tmp_path):
    with pytest.raises(RuntimeError, match="applying transform"), plain_errors(tmp_path):
        apply_transform(lambda _: 1 / 0, 1, log_stats=False)


def test_error_that_is_its_own_cause_is_not_followed_for_ever(tmp_path):
    error = RuntimeError("mat1 and mat2")
    with pytest.raises(RuntimeError, match="mat1 and mat2"), plain_errors(tmp_path):
        raise error from error
