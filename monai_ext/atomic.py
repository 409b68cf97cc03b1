"""Files that exist are complete: write beside the target, sync, rename."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from monai_ext.errors import SettingError

PARTIAL_SUFFIX = ".partial"


@contextlib.contextmanager
def write_atomically(target: Path | str) -> Iterator[Path]:
    """Give a temporary path beside ``target``; on success rename it to ``target``.

    The file is flushed to disk before the rename and the folder after it, so a reader sees
    the old file or the whole new one, also after a crash. On an exception the temporary
    file is removed and an earlier ``target`` stays as it was.

    Args:
        target: the final path; missing parent folders are made.

    Yields:
        The path to write to. It ends in the target's suffix, for writers that look at it.

    Raises:
        SettingError: if the folder cannot be written to.
    """
    target = Path(target)
    make_folder(target.parent)
    end = os.fsencode(target.name)[-150:].decode(errors="ignore")  # a name has 255 bytes at most
    partial = target.with_name(f".{os.getpid()}{PARTIAL_SUFFIX}.{end}")
    try:
        yield partial
        _sync(partial)
        partial.replace(target)
        _sync(target.parent)
    finally:
        partial.unlink(missing_ok=True)


def make_folder(folder: Path | str) -> Path:
    """Make ``folder`` with its parents, and check that files can be written in it.

    Raises:
        SettingError: if it cannot be made or written to.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{os.getpid()}.probe"
        probe.touch()
        probe.unlink(missing_ok=True)  # another machine may have this process id too
    except OSError as error:
        raise SettingError(
            f"folder {folder} cannot be written to ({error.strerror})",
            "outputs need a writable folder",
            "give another folder or change its permissions",
        ) from error
    return folder


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
