"""Which DICOM files are one slide, and its identity.

A DICOM slide is the whole-slide images of one series in one folder: a file a level, besides others
of label and overview, which are never read here. OpenSlide opens the series by any of its files.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from monai_ext.errors import SlideError

DICOM_SUFFIX = ".dcm"
_SLIDE_CLASS = "1.2.840.10008.5.1.4.1.1.77.1.6"  # VL Whole Slide Microscopy Image Storage
_SERIES_TAG, _PIXEL_TAG = 0x0020000E, 0x7FE00010
_EDGE_BYTES, _SMALL_BYTES = 1 << 20, 1 << 22


class DicomFile(NamedTuple):
    """What the head of a DICOM file says; nothing of the patient is read."""

    path: Path
    series: str
    """SeriesInstanceUID."""
    instance: str
    """SOPInstanceUID."""
    is_slide: bool
    """Whether it is a whole-slide image, and no segmentation, annotation or report."""
    is_level: bool
    """Whether it is the scan at some resolution, and no label, overview or thumbnail."""


def read_dicom_file(path: Path) -> DicomFile | None:
    """The head of a DICOM file, read up to its series; ``None`` for any other file."""
    from pydicom.errors import InvalidDicomError
    from pydicom.filereader import read_partial

    try:
        with path.open("rb") as stream:
            head = read_partial(stream, stop_when=lambda tag, *_: tag > _SERIES_TAG)
    except (InvalidDicomError, OSError, EOFError, ValueError):
        return None
    kind = [str(word) for word in head.get("ImageType") or []]
    is_slide = str(head.get("SOPClassUID", "")) == _SLIDE_CLASS
    return DicomFile(
        path,
        str(head.get("SeriesInstanceUID", "")),
        str(head.get("SOPInstanceUID", "")),
        is_slide,
        is_slide and kind[2:3] == ["VOLUME"],
    )


def dicom_slide(paths: Sequence[Path]) -> tuple[Path, str] | None:
    """Path and name of the slide that DICOM files of one folder are; ``None``: they are none.

    The folder and its name, or of a file that is alone the file and its stem. Results that are
    DICOM too (segmentations, annotations) are passed over; files that cannot be read are not, so
    that opening them tells what is wrong.

    Args:
        paths: of one folder.
    """
    found = [(path, read_dicom_file(path)) for path in paths]
    kept = [path for path, head in found if head is None or head.is_slide]
    if len(kept) == 1:
        return kept[0], kept[0].stem
    return (kept[0].parent, kept[0].parent.name) if kept else None


def series_levels(path: Path) -> list[DicomFile]:
    """Files of the levels of a slide, largest first.

    Args:
        path: the slide's folder, or any file of its series.

    Raises:
        SlideError: if a folder has no whole-slide series, or several, or a file is of none.
    """
    folder = path if path.is_dir() else path.parent
    levels = [head for head in _heads(folder) if head.is_level]
    series = {head.series for head in levels}
    if not path.is_dir():
        given = read_dicom_file(path)
        series &= {"" if given is None else given.series}
    if len(series) > 1:
        raise SlideError(
            f"folder {folder} has DICOM files of {len(series)} whole-slide series",
            "the DICOM files of one folder are one slide",
            "give every series a folder of its own, or name one of its files",
        )
    chosen = [head for head in levels if head.series in series]
    if not chosen:
        raise SlideError(
            f"{path} is no DICOM slide",
            "a DICOM slide has whole-slide images of type VOLUME",
            "check that the folder holds all files of the series",
        )
    return sorted(chosen, key=lambda head: (-head.path.stat().st_size, head.instance))


def dicom_hash(path: Path) -> str:
    """SHA-256 of series, instances and the last MiB of every level, where their pixels are.

    OpenSlide's quick hash of a DICOM slide is of its UIDs only: other pixels under the same UIDs
    would go unseen. What is said of the patient does not count, nor do label and overview.

    Raises:
        SlideError: as :func:`series_levels`.
    """
    digest = hashlib.sha256()
    for head in sorted(series_levels(path), key=lambda head: head.instance):
        digest.update(f"{head.series} {head.instance}\n".encode())
        with head.path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            stream.seek(max(size - _EDGE_BYTES, _pixels_at(stream) if size < _SMALL_BYTES else 0))
            digest.update(stream.read())
    return digest.hexdigest()


def _pixels_at(stream: BinaryIO) -> int:
    """Where the pixels begin; looking for it takes long in large files of many frames."""
    from pydicom.filereader import read_partial

    read_partial(stream, stop_when=lambda tag, *_: tag >= _PIXEL_TAG)
    return stream.tell()


def _heads(folder: Path) -> Iterator[DicomFile]:
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            head = read_dicom_file(path)
            if head is not None:
                yield head
