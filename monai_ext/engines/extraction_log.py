"""Log lines on the console that do not tear progress bars."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator

_ROOM = "monai_ext"


@contextlib.contextmanager
def console_log(level: int = logging.INFO) -> Iterator[None]:
    """Show the library's log lines on stderr, unless the caller has set up logging.

    A bundle ships no ``logging.conf`` and MONAI sets up nothing, so without this a user would see
    no line a slide.
    """
    logger = logging.getLogger(_ROOM)
    if logger.hasHandlers():
        yield
        return
    handler, before = _BarHandler(), logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


class _BarHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        from tqdm import tqdm

        tqdm.write(self.format(record), file=sys.stderr)
