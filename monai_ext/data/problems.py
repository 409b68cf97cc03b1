"""Collect every problem of a table, so that one message lists them all."""

from __future__ import annotations

from collections.abc import Sequence

from monai_ext.errors import CohortError


def raise_all(subject: str, problems: Sequence[str], rule: str, repair: str) -> None:
    """Raise one CohortError with the full list, or nothing if there is no problem.

    Args:
        subject: what was looked at, e.g. the CSV's name.
        problems: one line each.
        rule: the rule that they break.
        repair: what to do.

    Raises:
        CohortError: if there is a problem.
    """
    if problems:
        number = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        lines = "".join(f"\n  - {problem}" for problem in problems)
        raise CohortError(f"{subject} has {number}:{lines}", rule, repair)
