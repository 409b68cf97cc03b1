"""One form for all messages, which survives a copy (and so the way out of a process)."""

import copy

import pytest

from monai_ext.errors import CohortError, FeatureError, MonaiExtError, SettingError, SlideError

KINDS = [SlideError, FeatureError, CohortError, SettingError]


@pytest.mark.parametrize("kind", KINDS)
def test_message_has_what_was_found_the_rule_and_the_repair(kind):
    with pytest.raises(MonaiExtError, match=r"^x is 3\. Rule: x is even\. Repair: give 4\.$") as it:
        raise kind("x is 3", "x is even", "give 4")
    assert (it.value.found, it.value.rule, it.value.repair) == ("x is 3", "x is even", "give 4")


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_is_equal(kind):
    found = copy.copy(kind("x is 3", "x is even", "give 4"))
    assert type(found) is kind
    assert str(found) == "x is 3. Rule: x is even. Repair: give 4."
    assert found.repair == "give 4"
