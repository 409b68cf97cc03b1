"""From a slide's path to its tiles: open, find tissue, lay the grid."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monai.transforms.transform import Transform

from monai_ext import wsi
from monai_ext.engines.extraction_settings import ExtractionSettings
from monai_ext.errors import SlideError
from monai_ext.flags import as_path
from monai_ext.hashing import file_hash

TISSUE_SUFFIXES = (".geojson", ".json", ".png", ".tif", ".tiff", ".jpg")


class SlideToGrid(Transform):
    """Opens a slide, takes or finds its tissue and lays the tile grid.

    Args:
        settings: the request.
    """

    def __init__(self, settings: ExtractionSettings) -> None:
        self.settings = settings

    def __call__(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Prepare one slide.

        Args:
            data: ``image`` (path), ``slide`` (name) and ``mpp`` (given value or None).

        Returns:
            The same with ``reader`` (open; the caller closes it), ``tissue`` and ``grid``.

        Raises:
            SlideError: if the slide cannot be opened, has no believable mpp, is too coarse, or
                has no file in ``tissue_dir``.
        """
        reader = wsi.open_slide(data["image"], self.settings.reader, data["mpp"])
        try:
            mpp = wsi.require_mpp(reader.info)
            tissue = self._tissue(reader, data["slide"], mpp)
            size = (reader.info.width, reader.info.height)
            grid = wsi.build_grid(self.settings.spec, mpp, size, tissue)
        except BaseException:
            reader.close()
            raise
        return {**data, "reader": reader, "tissue": tissue, "grid": grid}

    def _tissue(self, reader: wsi.SlideReader, slide: str, mpp: float) -> wsi.TissueMask:
        if as_path(self.settings.tissue_dir) is None:
            return wsi.segment_tissue(reader, mpp, **self.settings.tissue)
        path = tissue_file(self.settings, slide)
        if path is None:
            raise SlideError(
                f"slide {slide} has no file in tissue_dir={self.settings.tissue_dir}",
                f"tissue_dir holds one of <slide>{', <slide>'.join(TISSUE_SUFFIXES)} a slide",
                "make them with --stage tissue, or leave --tissue_dir out",
            )
        if path.suffix in (".geojson", ".json"):
            return wsi.tissue_from_geojson(path, reader.info)
        return wsi.tissue_from_image(path, reader.info)


def given_for(settings: ExtractionSettings, data: Mapping[str, Any]) -> dict[str, Any]:
    """What the user gave for this slide alone: part of whether it is done.

    Returns:
        ``mpp``, and the hash of its file in ``tissue_dir``.
    """
    path = tissue_file(settings, data["slide"])
    return {"mpp": data["mpp"], "tissue": None if path is None else file_hash(path)}


def tissue_file(settings: ExtractionSettings, slide: str) -> Path | None:
    """The user's tissue of this slide; None if there is none or no ``tissue_dir``."""
    folder = as_path(settings.tissue_dir)
    paths = [] if folder is None else [folder / f"{slide}{end}" for end in TISSUE_SUFFIXES]
    return next((path for path in paths if path.is_file()), None)
