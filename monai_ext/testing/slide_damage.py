"""Ways in which a slide file goes bad."""

from __future__ import annotations

from pathlib import Path

_KINDS = ("zeros", "header", "cut")


def destroy_tile(path: Path | str, index: int, *, level: int = 0, kind: str = "zeros") -> None:
    """Damage one stored JPEG tile in place.

    Args:
        path: a tiled TIFF.
        index: of the tile in its level, in row order.
        level: which TIFF page.
        kind: ``"zeros"`` clears the whole stream, ``"header"`` its first eight bytes,
            ``"cut"`` ends the picture data half way.

    Raises:
        ValueError: for an unknown ``kind``.
    """
    import tifffile

    if kind not in _KINDS:
        raise ValueError(f"kind={kind!r} must be one of {_KINDS}")
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[level]
        offset, size = page.dataoffsets[index], page.databytecounts[index]
    start = offset + size // 2 if kind == "cut" else offset
    data = b"\xff\xd9" if kind == "cut" else bytes(8 if kind == "header" else size)
    with Path(path).open("r+b") as stream:
        stream.seek(start)
        stream.write(data)


def truncate_file(path: Path | str, keep: float) -> None:
    """Cut a file off after the share ``keep`` of its bytes."""
    size = Path(path).stat().st_size
    with Path(path).open("r+b") as stream:
        stream.truncate(int(size * keep))
