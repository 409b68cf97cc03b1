"""Which reader serves a slide."""

from __future__ import annotations

from pathlib import Path

from monai_ext.errors import SettingError, SlideError
from monai_ext.wsi.cucim_reader import CucimReader
from monai_ext.wsi.dicom_series import series_levels
from monai_ext.wsi.openslide_reader import OpenSlideReader
from monai_ext.wsi.slide_reader import SlideReader
from monai_ext.wsi.strip_reader import StripReader
from monai_ext.wsi.tiff_codecs import tile_codecs
from monai_ext.wsi.tiff_layout import UnservedLayout

_CUCIM_ONLY = {33003, 33005}  # JPEG 2000, which OpenSlide reads in SVS but not in other TIFF
_PLAIN_IMAGES = {b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"BM": "BMP"}


def open_slide(path: Path | str, reader: str = "auto", mpp: float | None = None) -> SlideReader:
    """Open a slide with the fastest reader that can be trusted with it.

    Args:
        path: the slide; of a DICOM slide its folder or any file of its series.
        reader: ``"auto"``, ``"strip"``, ``"cucim"`` or ``"openslide"``. ``auto`` takes the strip
            reader for tiled JPEG TIFF and SVS, else OpenSlide, else cuCIM for the codecs that
            only it reads.
        mpp: um a level-0 px, instead of what the file says.

    Returns:
        The reader; its ``backend`` says which one it is.

    Raises:
        SlideError: if the file is no slide, or is damaged, or a folder is not one DICOM slide.
        SettingError: for an unknown ``reader``.
    """
    path = _file_of(Path(path))
    openers = {
        "auto": _open_auto,
        "strip": StripReader,
        "cucim": CucimReader,
        "openslide": OpenSlideReader,
    }
    if reader not in openers:
        raise SettingError(f"reader={reader!r}", f"it is one of {sorted(openers)}", "use auto")
    return openers[reader](path, mpp)


def _open_auto(path: Path, mpp: float | None) -> SlideReader:
    try:
        return StripReader(path, mpp)
    except UnservedLayout:
        return OpenSlideReader(path, mpp)
    except SlideError:
        codecs = tile_codecs(path)
        if codecs and codecs <= _CUCIM_ONLY:
            return CucimReader(path, mpp)
        raise


def _file_of(path: Path) -> Path:
    """The file to open: of a folder the largest of its DICOM series."""
    if path.is_dir():
        return series_levels(path)[0].path
    _check_file(path)
    return path


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise SlideError(
            f"slide {path} is no file", "a slide is one file, or a DICOM folder", "check the path"
        )
    with path.open("rb") as stream:
        head = stream.read(4)
    for magic, name in _PLAIN_IMAGES.items():
        if head.startswith(magic):
            raise SlideError(
                f"slide {path} is a plain {name} image",
                "a slide is a whole-slide image with stored tiles and levels",
                "convert it to a tiled pyramidal TIFF that carries its resolution",
            )
