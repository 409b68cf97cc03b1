"""Slides and plain images of a folder, as items of a segmentation."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from monai_ext.engines.extraction_slides import find_duplicates, find_slides, read_mpps
from monai_ext.engines.plain_errors import plain_errors
from monai_ext.engines.segment_image import IMAGE_SUFFIXES
from monai_ext.engines.segment_settings import SegmentationSettings
from monai_ext.errors import SettingError
from monai_ext.flags import as_folder, as_path
from monai_ext.wsi.info import MPP_RANGE


class SegmentationInput:
    """The items of a segmentation config's data set.

    Slides are found by their suffix as for the extraction of features, images as PNG, JPEG, BMP and
    TIFF. Names that occur twice are not items but lines in ``failed``.

    Args:
        dataset_dir: folder of slides and images, or one of them.
        output_dir: folder of the results; it is passed over.
        settings: how they are read; checked here.
        mpp: um a level-0 px of all, in place of what the files say.
        cohort: CSV with columns ``slide`` and ``mpp``; its values go before ``mpp``.
    """

    def __init__(
        self,
        dataset_dir: Any,
        output_dir: Any,
        settings: SegmentationSettings,
        *,
        mpp: Any = None,
        cohort: Any = None,
    ) -> None:
        self.source, self.output, self.settings = dataset_dir, output_dir, settings
        self.mpp, self.cohort = mpp, cohort
        self.failed: dict[str, str] = {}

    def items(self) -> list[dict[str, Any]]:
        """One item a slide: ``image`` (path), ``slide`` (name), ``mpp`` (given value or None).

        Raises:
            SystemExit: with one plain line for what a user can mend.
        """
        with plain_errors(as_path(self.output)):
            self.settings.verify()
            self._check_mpp()
            found = self._found(as_folder(self.source))
            if not found:
                raise SettingError(
                    f"no slide and no image in {self.source}",
                    "they are found by their suffix, e.g. .svs, .tif, .ndpi, .png, .jpg",
                    "check --dataset_dir",
                )
            doubles = find_duplicates(found)
            self.failed |= {name: str(_twice(name, paths)) for name, paths in doubles.items()}
            items = [item for item in found if item["slide"] not in doubles]
            if not items:
                raise _twice(*next(iter(doubles.items())))
        return items

    def _found(self, source: Path) -> list[dict[str, Any]]:
        if not source.exists():
            raise SettingError(f"dataset_dir={source} does not exist", "it exists", "check it")
        folder = source if source.is_dir() else source.parent
        without = [self.output, self.settings.outlines]
        slides = find_slides(source, mpp=self.mpp, cohort=self.cohort, without=without)
        images = self._images(folder, [path for item in without if (path := as_path(item))])
        kept = [item for item in images if source.is_dir() or Path(item["image"]) == source]
        return sorted([*slides, *kept], key=lambda item: item["image"])

    def _images(self, folder: Path, without: Sequence[Path]) -> list[dict[str, Any]]:
        given = {} if (table := as_path(self.cohort)) is None else read_mpps(table)
        common = None if self.mpp is None else float(self.mpp)
        passed = {os.path.realpath(path) for path in without} - {os.path.realpath(folder)}
        paths = [path for path in sorted(folder.rglob("*")) if _is_image(path)]
        kept = [path for path in paths if not _is_below(path, passed)]
        mpps = [given.get(path.stem, given.get(path.name, common)) for path in kept]
        return [
            {"image": str(path), "slide": path.stem, "mpp": mpp}
            for path, mpp in zip(kept, mpps, strict=True)
        ]

    def _check_mpp(self) -> None:
        low, high = MPP_RANGE
        value = self.mpp
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if value is not None and not (is_number and low <= value <= high):
            raise SettingError(f"mpp={value!r}", f"{low:g} to {high:g} um a pixel", "change --mpp")


def _is_image(path: Path) -> bool:
    is_named = path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
    parts = path.parent.glob("*.vm[su]")  # Hamamatsu keeps a slide's pixels in JPEG files
    return is_named and path.is_file() and next(parts, None) is None


def _is_below(path: Path, folders: set[str]) -> bool:
    return any(os.path.realpath(parent) in folders for parent in path.parents)


def _twice(name: str, paths: Sequence[str]) -> SettingError:
    found = f"slide name {name} in {len(paths)} places: {'; '.join(paths)}"
    rule = "results are named after the slide, so a name occurs once"
    return SettingError(found, rule, "rename or move all but one")
