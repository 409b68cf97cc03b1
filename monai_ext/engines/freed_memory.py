"""Memory that tensors free stays with the process, instead of coming from the system anew."""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of malloc.h
_LARGEST, _NEVER = 1 << 30, -1


def keep_freed_memory() -> bool:
    """Let the C library reuse blocks below 1 GiB, and never shrink what it has.

    By default glibc maps every block above 32 MiB anew and gives the free end of its memory back;
    the system then fills what it hands out with zeros, a page at a time. On a CPU that can take
    longer than the network: encoding 32 tiles took 2.7 times as long, a training step of 8 images
    of 256 px 2.3 times. The price: the process stays as large as it once was. Results are the same.

    Returns:
        Whether it was set; other C libraries are left as they are.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _LARGEST)) and bool(mallopt(_TRIM_THRESHOLD, _NEVER))
