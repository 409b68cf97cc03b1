"""A folder of a server's own for what clients upload."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "monai_ext_label_"


def make_upload_folder() -> Path:
    """Make a folder that only this user reads, and temporary files of this process go there.

    Folders of processes that are no more are removed: a server that is killed while it computes
    leaves what was uploaded.
    """
    shelf = Path(tempfile.gettempdir())
    for path in shelf.glob(f"{_PREFIX}*_*"):
        if not _is_running(path.name[len(_PREFIX) :].split("_")[0]):
            shutil.rmtree(path, ignore_errors=True)  # of another user: it stays
    tempfile.tempdir = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}_")
    return Path(tempfile.tempdir)


@contextmanager
def removed_on_fault(path: Path | str) -> Iterator[None]:
    """Remove an upload if what is done with it fails: MONAI Label removes it only if not.

    Args:
        path: a file; one that lies elsewhere than uploads do stays.
    """
    try:
        yield
    except BaseException:
        if Path(path).parent == Path(tempfile.gettempdir()):
            Path(path).unlink(missing_ok=True)
        raise


def remove_uploads() -> None:
    """Remove uploads of requests that failed before anything was done with them.

    To be called on the server's own loop when a request that computes has ended: they take turns,
    and what is stored is written and moved in one step of that loop.
    """
    folder = Path(tempfile.gettempdir())
    for path in folder.iterdir() if folder.name.startswith(_PREFIX) else ():
        with suppress(OSError):
            path.unlink()


def _is_running(pid: str) -> bool:
    if not pid.isdigit():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
