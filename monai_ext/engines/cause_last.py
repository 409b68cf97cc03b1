"""The cause of an error is the last line that a user sees."""

from __future__ import annotations

import sys
from types import TracebackType


def show_cause_last() -> None:
    """From now on an error that nobody caught ends with a line that names its cause.

    MONAI wraps what is raised while a config is read: the last line of its traceback names the
    component, not what was wrong with a value, which stands somewhere in the middle.
    """
    if not isinstance(sys.excepthook, _CauseLast):
        sys.excepthook = _CauseLast()


def root_cause(error: BaseException) -> BaseException:
    """The error at which a chain of causes begins; chains that were closed to a ring end too."""
    seen = [error]
    while (cause := seen[-1].__cause__) is not None and not any(cause is one for one in seen):
        seen.append(cause)
    return seen[-1]


class _CauseLast:
    """The hook that was there, then one line more."""

    def __init__(self) -> None:
        self.before = sys.excepthook

    def __call__(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self.before(kind, error, trace)
        cause = root_cause(error)
        if cause is not error:
            sys.stderr.write(f"Cause: {type(cause).__name__}: {cause}\n")
