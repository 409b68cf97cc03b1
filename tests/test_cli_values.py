"""Words of a command line become what they mean."""

import pytest

from monai_ext.cli_values import (
    as_number,
    as_value,
    as_words,
    is_number,
    quoted,
    refuse_baseline,
    refuse_unknown,
)
from monai_ext.errors import SettingError


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("False", False), ("a#b", "a#b"), ("[1, 2]", [1, 2]), (True, True)],
)
def test_override_values_are_read_as_python_where_they_are(text, value):
    assert as_value(text) == value


@pytest.mark.parametrize("text", ["a, b", "[a,b]", "(a ,b,)"])
def test_words_come_with_and_without_brackets(text):
    assert as_words(text) == ["a", "b"]


def test_an_empty_number_is_none():
    assert (as_number(""), as_number("12")) == (None, 12)


@pytest.mark.parametrize(
    ("text", "is_one"), [("0.5", True), ("3", True), ("True", False), ("x", False)]
)
def test_a_number_is_no_truth_value(text, is_one):
    assert is_number(text) == is_one


@pytest.mark.parametrize(
    ("word", "kept"), [("my#folder", "'my#folder'"), ("--a=b#c", "--a='b#c'"), ("--a", "--a")]
)
def test_a_comment_sign_stays_in_its_word(word, kept):
    assert quoted(word) == kept


def test_a_switch_where_a_number_is_meant_is_refused():
    refuse_baseline("false")
    with pytest.raises(SettingError, match=r"--baseline true.*--baseline 0\.01"):
        refuse_baseline("true")


def test_options_that_a_verb_lacks_are_named():
    refuse_unknown({}, "split", "ids")
    with pytest.raises(SettingError, match="split has no --colour, --size"):
        refuse_unknown({"colour": "red", "size": "3"}, "split", "ids of a config")
