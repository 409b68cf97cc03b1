"""Collect every problem of a table, so that one message lists them all."""

from __future__ import annotations

from collections.abc import Sequence

from monai_ext.errors import CohortError


def raise_all(subject: str, problems: Sequence[str], rule: str, repair: str) -> None:
    """Raise one CohortError with the full list, or nothing if there is no problem.

    A lone problem is told in the one line of the error, several in a line each.

    Args:
        subject: what was looked at, e.g. the CSV's name.
        problems: one line each.
        rule: the rule that they break.
        repair: what to do.

    Raises:
        CohortError: if there is a problem.
    """
    if len(problems) == 1:
        raise CohortError(f"{subject}: {problems[0]}", rule, repair)
    if problems:
        lines = "".join(f"\n  - {problem}" for problem in problems)
        raise CohortError(f"{subject} has {len(problems)} problems:{lines}", rule, repair)
