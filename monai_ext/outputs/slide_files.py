"""Find a slide's file by its name."""

from __future__ import annotations

from pathlib import Path

from monai_ext.data.feature_layout import KNOWN_SUFFIXES, slide_stem
from monai_ext.errors import SlideError
from monai_ext.wsi.dicom_series import DICOM_SUFFIX, dicom_slide

_NO_SLIDES = (".h5", ".hdf5", ".pt", ".png", ".jpg", ".jpeg")


class SlideFiles:
    """Slides of a folder and of the folders in it, by file stem; of DICOM by folder.

    Args:
        folder: it is read once, at the first question; ``None`` holds no slide.
    """

    def __init__(self, folder: Path | str | None) -> None:
        self.folder = None if folder is None else Path(folder)
        self._files: dict[str, list[Path]] | None = None

    def find(self, slide: str) -> Path | None:
        """File or DICOM folder of a slide, ``None`` if there is none.

        Raises:
            SlideError: if two files have that stem.
        """
        if self._files is None:
            self._files = _by_stem(self.folder)
        found = self._files.get(slide_stem(slide), self._files.get(slide, []))
        if len(found) > 1:
            raise SlideError(
                f"slide {slide} has files {', '.join(map(str, found))}",
                "a slide is one file",
                "keep one of them in the slides' folder",
            )
        return found[0] if found else None


def _by_stem(folder: Path | None) -> dict[str, list[Path]]:
    files: dict[str, list[Path]] = {}
    dicom: dict[Path, list[Path]] = {}
    for path in [] if folder is None else sorted(folder.rglob("*")):
        name = path.name.lower()
        if name.endswith(DICOM_SUFFIX) and path.is_file():
            dicom.setdefault(path.parent, []).append(path)
        elif name.endswith(KNOWN_SUFFIXES) and not name.endswith(_NO_SLIDES) and path.is_file():
            files.setdefault(slide_stem(path), []).append(path)
    for paths in dicom.values():
        if found := dicom_slide(paths):
            files.setdefault(found[1], []).append(found[0])
    return files
