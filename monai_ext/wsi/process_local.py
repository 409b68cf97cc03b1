"""A handle that every process opens for itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class ProcessLocal(Generic[T]):
    """Opens on first use, again in another process; pickles without what it holds.

    Handles of slide libraries do not survive a fork and cannot be pickled, yet a reader
    goes to loader workers both ways.

    Args:
        open_handle: opens the handle; must be picklable for a spawned worker.
        close_handle: closes it.
    """

    def __init__(self, open_handle: Callable[[], T], close_handle: Callable[[T], None]) -> None:
        self._open, self._close = open_handle, close_handle
        self._pid, self._handle = 0, None

    def get(self) -> T:
        """The handle of this process."""
        if self._handle is None or self._pid != os.getpid():
            self._handle, self._pid = self._open(), os.getpid()
        return self._handle

    def close(self) -> None:
        """Close this process's handle; a later ``get`` opens it again."""
        if self._handle is not None and self._pid == os.getpid():
            self._close(self._handle)
        self._handle = None

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_handle": None}
