"""The files of one segmented slide, each if wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from monai_ext.data.label_map import LabelMap
from monai_ext.data.label_runs import LabelPieces
from monai_ext.errors import SettingError
from monai_ext.flags import as_bool
from monai_ext.outputs.annotation import annotation_of
from monai_ext.outputs.dicom_annotations import write_dicom_annotations
from monai_ext.outputs.dicom_seg import write_dicom_seg
from monai_ext.outputs.dicom_source import require_dicom_slide
from monai_ext.outputs.label_geojson import OutlineRules, label_features, write_label_geojson
from monai_ext.outputs.label_nifti import write_label_nifti
from monai_ext.outputs.label_overlay import label_overlay
from monai_ext.outputs.label_tiff import write_label_tiff
from monai_ext.outputs.png import write_png
from monai_ext.outputs.provenance import Provenance
from monai_ext.wsi.info import SlideInfo
from monai_ext.wsi.slide_reader import SlideReader

_KINDS = ("geojson", "label_tiff", "overlay", "nifti", "dicom_seg", "dicom_annotations")


@dataclass(frozen=True, kw_only=True)
class SegmentationFiles:
    """What is written of each slide, and how.

    Attributes:
        geojson: ``geojson/<slide>.geojson``, polygons for QuPath.
        label_tiff: ``labels/<slide>.tif``, class numbers.
        overlay: ``overlays/<slide>_overlay.png``.
        nifti: ``nifti/<slide>.nii.gz``.
        dicom_seg: ``dicom_seg/<slide>.dcm``, class masks; of DICOM slides only.
        dicom_annotations: ``dicom_annotations/<slide>.dcm``, polygons; of DICOM slides only.
        long_side_px: longer side of the overlay, at most.
        opacity: of its colours, 0 to 1.
        is_packed: write ``.geojson.gz``, which QuPath 0.4 and later opens.
        tolerance_um: how far an outline may be moved to save points; ``None``: half a pixel of the
            label map, 0: the edges of its pixels.
        min_area_um2: smaller pieces get no outline; the label map keeps them.
        min_hole_um2: smaller holes are closed in the outline; the label map keeps them.
        algorithm: name of the model in DICOM files.
    """

    geojson: Any = True
    label_tiff: Any = True
    overlay: Any = True
    nifti: Any = False
    dicom_seg: Any = False
    dicom_annotations: Any = False
    long_side_px: int = 2000
    opacity: float = 0.5
    is_packed: Any = False
    tolerance_um: float | None = None
    min_area_um2: float = 0.0
    min_hole_um2: float = 0.0
    algorithm: str = "monai_ext"

    def __post_init__(self) -> None:
        for name in (*_KINDS, "is_packed"):
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

    def require(self, info: SlideInfo) -> None:
        """Refuse a slide of which a wanted file cannot be written.

        Raises:
            SlideError: if DICOM is wanted and the slide is not DICOM.
            SettingError: if DICOM is wanted and highdicom is not installed.
        """
        if self.dicom_seg or self.dicom_annotations:
            require_dicom_slide(info)

    def paths(self, folder: Path, slide: str, *, is_outlined: bool = True) -> list[Path]:
        """The files of a slide that are wanted.

        Args:
            folder: of all.
            slide: its name.
            is_outlined: whether there is any polygon; DICOM annotations without one are no file.
        """
        every = self._places(folder, slide)
        if not is_outlined:
            every.pop("dicom_annotations", None)
        return list(every.values())

    def _places(self, folder: Path, slide: str) -> dict[str, Path]:
        places = {
            "geojson": f"geojson/{slide}.geojson{'.gz' if self.is_packed else ''}",
            "label_tiff": f"labels/{slide}.tif",
            "overlay": f"overlays/{slide}_overlay.png",
            "nifti": f"nifti/{slide}.nii.gz",
            "dicom_seg": f"dicom_seg/{slide}.dcm",
            "dicom_annotations": f"dicom_annotations/{slide}.dcm",
        }
        return {name: folder / place for name, place in places.items() if getattr(self, name)}

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
            SlideError: if the slide's pixels cannot be read for the overlay, or it is not DICOM
                where DICOM is wanted.
            SettingError: if the folder cannot be written to.
        """
        writers = self._writers(found, pieces, slide, class_names, provenance)
        for name, path in self._places(folder, found.slide).items():
            writers[name](path)

    def _writers(
        self,
        found: LabelMap,
        pieces: LabelPieces,
        slide: SlideReader,
        names: Sequence[str],
        provenance: Provenance,
    ) -> dict[str, Callable[[Path], object]]:
        members, about = {"provenance": provenance.mapping()}, (slide.info, self.algorithm)
        features = label_features(found, pieces, names, self.rules)
        outlines = (found, pieces, names, self.rules)
        return {
            "geojson": lambda path: write_label_geojson(path, *outlines, members=members),
            "label_tiff": lambda path: write_label_tiff(path, found, names, members=members),
            "overlay": lambda path: self._overlay(path, found, slide, names, provenance.id),
            "nifti": lambda path: write_label_nifti(path, found, provenance=provenance.id),
            "dicom_seg": lambda path: write_dicom_seg(path, found, names, *about, provenance),
            "dicom_annotations": lambda path: write_dicom_annotations(
                path, map(annotation_of, features), *about, provenance
            ),
        }

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
