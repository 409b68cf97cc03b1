"""Work ahead in a thread while the main one is busy."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
_POLL_SECONDS = 0.1


def prefetched(source: Generator[T, None, None], depth: int) -> Generator[T, None, None]:
    """Yield what ``source`` yields, which runs in a thread up to ``depth`` items ahead.

    Slides are decoded outside the interpreter's lock, so reading and encoding overlap. When the
    consumer stops early, the source is closed in its own thread before this generator ends.

    Args:
        source: a generator; only the thread touches it.
        depth: items that may wait, >= 1; bounds the memory.

    Raises:
        BaseException: what the source raises.
    """
    ahead = _Ahead(source, depth)
    ahead.start()
    try:
        yield from ahead.items()
    finally:
        ahead.stop()


class _Ahead(Generic[T]):
    def __init__(self, source: Generator[T, None, None], depth: int) -> None:
        self._source = source
        self._ready: queue.Queue[tuple[str, T | BaseException | None]] = queue.Queue(depth)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._fill, name="prefetch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def items(self) -> Iterator[T]:
        while True:
            kind, item = self._ready.get()
            if kind == "error" and isinstance(item, BaseException):
                raise item
            if kind == "end":
                return
            yield item  # type: ignore[misc]

    def _fill(self) -> None:
        try:
            for item in self._source:
                if not self._put("item", item):
                    break
            self._put("end", None)
        except BaseException as error:  # noqa: BLE001  raised again in the consumer
            self._put("error", error)
        finally:
            self._source.close()

    def _put(self, kind: str, item: T | BaseException | None) -> bool:
        while not self._stopped.is_set():
            try:
                self._ready.put((kind, item), timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return True
        return False
