"""Whether this process takes bundles as its user's own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

_trusted = [False]


@contextlib.contextmanager
def trusting(is_trusted: bool) -> Iterator[None]:  # noqa: FBT001  read as a sentence
    """Let configs do anything while this lasts, in all threads; ``--trusted`` of the verbs.

    Args:
        is_trusted: False changes nothing, so that an outer decision holds.
    """
    before = _trusted[0]
    _trusted[0] = before or is_trusted
    try:
        yield
    finally:
        _trusted[0] = before


def trust_from_now_on() -> None:
    """Trust until the process ends, or the block of :func:`trusting` around this."""
    _trusted[0] = True


def is_trusting() -> bool:
    """Whether configs may do anything."""
    return _trusted[0]
