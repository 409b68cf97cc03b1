"""What a user can mend ends a bundle run with one line, not with sixty."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator
from pathlib import Path

from monai_ext.atomic import write_atomically
from monai_ext.errors import MonaiExtError

ERROR_LOG = "error.log"


@contextlib.contextmanager
def plain_errors(output_dir: Path | str | None) -> Iterator[None]:
    """Turn a typed error into ``SystemExit``: its message is the last line, the exit code is 1.

    MONAI wraps an exception that is raised while a config is evaluated in many lines of its own;
    ``SystemExit`` passes through. The traceback goes to ``output_dir/error.log`` where that folder
    can be written to. A typed error inside a transform, which MONAI wraps in a ``RuntimeError``, is
    found there. Any other exception is left alone: it is a fault of the program.

    Args:
        output_dir: folder of the run, or ``None`` for no log.

    Raises:
        SystemExit: in place of a :class:`~monai_ext.errors.MonaiExtError`.
    """
    try:
        yield
    except (MonaiExtError, RuntimeError) as error:
        typed = _typed_cause(error)
        if typed is None:
            raise
        _log(output_dir, traceback.format_exc())
        raise SystemExit(f"{type(typed).__name__}: {typed}") from error


def _typed_cause(error: BaseException | None) -> MonaiExtError | None:
    """The first typed error in the chain of causes, which an engine may have closed to a ring."""
    seen: list[BaseException] = []
    while error is not None and not any(error is known for known in seen):
        if isinstance(error, MonaiExtError):
            return error
        seen.append(error)
        error = error.__cause__
    return None


def _log(output_dir: Path | str | None, text: str) -> None:
    if output_dir is None:
        return
    with (
        contextlib.suppress(MonaiExtError, OSError),
        write_atomically(Path(str(output_dir)) / ERROR_LOG) as path,
    ):
        path.write_text(text, encoding="utf-8")
