"""SIGTERM runs the clean-up, and only while it is asked for."""

import os
import signal
import threading

import pytest

from monai_ext.atomic import write_atomically
from monai_ext.engines import exit_on_sigterm


def kill():
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture
def received():
    """Someone else's handler, which is there before."""
    seen = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))
    yield seen
    signal.signal(signal.SIGTERM, before)


def test_it_ends_with_143_and_leaves_no_partial_file(tmp_path, received):
    with pytest.raises(SystemExit) as ending, exit_on_sigterm():
        _write_and_kill(tmp_path)
    assert ending.value.code == 143
    assert list(tmp_path.iterdir()) == []
    assert received == []


@pytest.mark.parametrize("fails", [False, True])
def test_the_earlier_handler_comes_back(received, fails):
    def work():
        with exit_on_sigterm():
            if fails:
                raise OSError("disk")

    if fails:
        with pytest.raises(OSError, match="disk"):
            work()
    else:
        work()
    kill()
    assert received == [signal.SIGTERM]


def test_in_another_thread_nothing_is_changed(received):
    ran = []

    def work():
        with exit_on_sigterm():
            ran.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ran == [before]


def _write_and_kill(folder):
    with write_atomically(folder / "a") as partial:
        partial.write_text("half")
        kill()
