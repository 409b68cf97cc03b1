import pytest

from monai_ext.data.problems import raise_all
from monai_ext.errors import CohortError


def test_every_problem_is_listed():
    problems = [f"problem {k}" for k in range(200)]
    with pytest.raises(CohortError, match="table has 200 problems") as caught:
        raise_all("table", problems, "the rule", "the repair")
    assert all(f"\n  - {line}" in str(caught.value) for line in problems)
    assert str(caught.value).endswith(". Rule: the rule. Repair: the repair.")


def test_no_problem_no_error():
    raise_all("table", [], "the rule", "the repair")
    with pytest.raises(CohortError, match="one fault"):
        raise_all("table", ["one fault"], "the rule", "the repair")
