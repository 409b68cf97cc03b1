"""The files of one segmented slide, each if wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from monai_ext.data.label_map import LabelMap
from monai_ext.data.label_runs import LabelPieces
from monai_ext.errors import SettingError
from monai_ext.flags import as_bool
from monai_ext.outputs.label_geojson import OutlineRules, write_label_geojson
from monai_ext.outputs.label_nifti import write_label_nifti
from monai_ext.outputs.label_overlay import label_overlay
from monai_ext.outputs.label_tiff import write_label_tiff
from monai_ext.outputs.png import write_png
from monai_ext.outputs.provenance import Provenance
from monai_ext.wsi.slide_reader import SlideReader


@dataclass(frozen=True, kw_only=True)
class SegmentationFiles:
    """What is written of each slide, and how.

    Attributes:
        geojson: ``geojson/<slide>.geojson``, polygons for QuPath.
        label_tiff: ``labels/<slide>.tif``, class numbers.
        overlay: ``overlays/<slide>_overlay.png``.
        nifti: ``nifti/<slide>.nii.gz``.
        long_side_px: longer side of the overlay, at most.
        opacity: of its colours, 0 to 1.
        is_packed: write ``.geojson.gz``, which QuPath 0.4 and later opens.
        tolerance_um: how far an outline may be moved to save points; ``None``: half a pixel of the
            label map, 0: the edges of its pixels.
        min_area_um2: smaller pieces get no outline; the label map keeps them.
        min_hole_um2: smaller holes are closed in the outline; the label map keeps them.
    """

    geojson: Any = True
    label_tiff: Any = True
    overlay: Any = True
    nifti: Any = False
    long_side_px: int = 2000
    opacity: float = 0.5
    is_packed: Any = False
    tolerance_um: float | None = None
    min_area_um2: float = 0.0
    min_hole_um2: float = 0.0

    def __post_init__(self) -> None:
        for name in ("geojson", "label_tiff", "overlay", "nifti", "is_packed"):
            object.__setattr__(self, name, as_bool(getattr(self, name)))

    def verify(self) -> None:
        """Refuse what cannot be drawn.

        Raises:
            SettingError: for a value outside its range.
        """
        for name in ("tolerance_um", "min_area_um2", "min_hole_um2", "long_side_px", "opacity"):
            value = getattr(self, name)
            if value is None and name == "tolerance_um":
                continue
            if isinstance(value, (bool, str)) or value is None or not value >= 0:
                raise SettingError(f"{name}={value!r}", "a number from 0", f"change --{name}")
        if self.long_side_px < 1 or self.opacity > 1:
            found = f"long_side_px={self.long_side_px}, opacity={self.opacity}"
            raise SettingError(found, "at least 1 px, opacity up to 1", "change them")

    @property
    def rules(self) -> OutlineRules:
        """For outlines."""
        return OutlineRules(
            tolerance_um=self.tolerance_um,
            min_area_um2=self.min_area_um2,
            min_hole_um2=self.min_hole_um2,
        )

    def request(self) -> dict[str, Any]:
        """The values, ready for JSON."""
        return asdict(self)

    def paths(self, folder: Path, slide: str) -> list[Path]:
        """The files of a slide that are wanted."""
        places = {
            "geojson": f"geojson/{slide}.geojson{'.gz' if self.is_packed else ''}",
            "label_tiff": f"labels/{slide}.tif",
            "overlay": f"overlays/{slide}_overlay.png",
            "nifti": f"nifti/{slide}.nii.gz",
        }
        return [folder / place for name, place in places.items() if getattr(self, name)]

    def write(
        self,
        folder: Path,
        found: LabelMap,
        pieces: LabelPieces,
        slide: SlideReader,
        class_names: Sequence[str],
        provenance: Provenance,
    ) -> None:
        """Write them; each is complete or not there.

        Raises:
            SlideError: if the slide's pixels cannot be read for the overlay.
            SettingError: if the folder cannot be written to.
        """
        members = {"provenance": provenance.mapping()}
        for path in self.paths(folder, found.slide):
            if path.parent.name == "geojson":
                parts = (path, found, pieces, class_names, self.rules)
                write_label_geojson(*parts, members=members)
            elif path.parent.name == "labels":
                write_label_tiff(path, found, class_names, members=members)
            elif path.parent.name == "nifti":
                write_label_nifti(path, found, provenance=provenance.id)
            else:
                self._overlay(path, found, slide, class_names, provenance.id)

    def _overlay(
        self, path: Path, found: LabelMap, slide: SlideReader, names: Sequence[str], identity: str
    ) -> None:
        picture = label_overlay(
            found,
            slide,
            names,
            long_side_px=self.long_side_px,
            opacity=self.opacity,
            provenance=identity,
        )
        write_png(path, picture, provenance=identity)
