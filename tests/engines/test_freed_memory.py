"""What is freed stays with the process; where it cannot be set nothing happens."""

import subprocess
import sys
from pathlib import Path

import monai_ext
from monai_ext.engines import keep_freed_memory

MODULE = Path(monai_ext.__file__).parent / "engines/freed_memory.py"
MEASURED = """
import ctypes, runpy, sys
names = runpy.run_path(sys.argv[1])
if sys.argv[2] == "keep":
    assert names["keep_freed_memory"]()
library = ctypes.CDLL(None)
library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
library.free.argtypes = [ctypes.c_void_p]
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 >> 20
before = resident()
block = library.malloc(200 << 20)
ctypes.memset(block, 1, 200 << 20)
library.free(block)
print(resident() - before)
"""


def left_mib(way):
    command = [sys.executable, "-c", MEASURED, str(MODULE), way]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return int(done.stdout)


def test_a_freed_block_stays_with_the_process():
    assert left_mib("keep") >= 195
    assert left_mib("leave") < 20


def test_elsewhere_it_says_that_nothing_was_set(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    assert not keep_freed_memory()


def test_c_libraries_without_the_switch_are_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    assert not keep_freed_memory()
