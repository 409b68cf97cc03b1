"""From the bytes of a TIFF tile to a JPEG stream that says all the decoder needs."""

from __future__ import annotations

_START = b"\xff\xd8"
_APPLICATION = frozenset(bytes([0xFF, number]) for number in range(0xE0, 0xF0))
_TRANSFORM = {"rgb": 0, "ycbcr": 1}


def stream_head(photometric: str, tables: bytes) -> bytes:
    """What every stream of a level starts with: colour transform and shared tables.

    TIFF says in its tag what the components are, a bare JPEG stream in Adobe's APP14 marker.

    Args:
        photometric: ``"rgb"`` (components are R, G, B) or ``"ycbcr"``.
        tables: the JPEGTables tag, a stream of tables only, or ``b""``.
    """
    adobe = b"\xff\xee\x00\x0eAdobe\x00\x64" + bytes([0, 0, 0, 0, _TRANSFORM[photometric]])
    return _START + adobe + tables[2:-2]


def complete_stream(head: bytes, data: bytes) -> bytes:
    """A stored tile with the level's head, without its own application markers.

    Those could say otherwise than the TIFF tag, which decides.

    Args:
        head: from ``stream_head``.
        data: the stored bytes.

    Raises:
        ValueError: if ``data`` does not start as JPEG.
    """
    if data[:2] != _START:
        raise ValueError(f"a JPEG stream starts with ff d8, not {data[:2].hex(' ') or 'nothing'}")
    at = 2
    while data[at : at + 2] in _APPLICATION:
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return b"".join((head, memoryview(data)[at:]))
