"""A name leads nowhere."""

import pytest

from monai_ext.data.file_name import is_file_name


@pytest.mark.parametrize("name", ["a", "a.b c", "..a", "a..", "\u00e9", "a-1_2"])
def test_names_of_files(name):
    assert is_file_name(name)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "../a", "a/", "a\\b", "a\0b"])
def test_what_leads_elsewhere_is_none(name):
    assert not is_file_name(name)
