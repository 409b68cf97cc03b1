"""A label map as DICOM Segmentation that lies on its slide."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from monai_ext.atomic import write_atomically
from monai_ext.data.label_map import LabelMap
from monai_ext.outputs.class_colours import class_colours
from monai_ext.outputs.dicom_codes import class_codes
from monai_ext.outputs.dicom_origin import algorithm_identification, result_origin
from monai_ext.outputs.dicom_source import dicom_source, spacing_mm
from monai_ext.outputs.provenance import Provenance
from monai_ext.wsi.info import SlideInfo

if TYPE_CHECKING:
    from highdicom import PixelMeasuresSequence
    from highdicom.seg import SegmentDescription
    from pydicom import Dataset

_TILE_PX = 512


def write_dicom_seg(
    path: Path | str,
    found: LabelMap,
    class_names: Sequence[str],
    info: SlideInfo,
    algorithm: str,
    provenance: Provenance,
) -> None:
    """Write a Segmentation of one bit a pixel and class, in tiles; empty ones are left out.

    Class k is segment k; class 0, the background, is none. Pixels are those of the label map, so
    their spacing is that of level 0 times its scale; the origin is the slide's, as it is for the
    levels of a DICOM pyramid. It refers to the instance of level 0 and tells nothing of the
    patient.

    Args:
        path: ``*.dcm``.
        found: the label map.
        class_names: by label.
        info: of the DICOM slide.
        algorithm: name of the model.
        provenance: of the result.

    Raises:
        SlideError: if the slide is not DICOM, or does not say where it lies.
        SettingError: if highdicom is not installed.
    """
    source = dicom_source(info)
    from highdicom.seg import Segmentation

    made = Segmentation(
        source_images=[source],
        pixel_array=found.labels[None],
        segmentation_type="BINARY",
        segment_descriptions=_segments(class_names, algorithm, provenance),
        content_label="SEGMENTATION",
        content_description="classes of pixels, found by an algorithm",
        pixel_measures=_measures(source, found.scale),
        omit_empty_frames=bool(found.labels.any()),
        tile_pixel_array=True,
        tile_size=(_TILE_PX, _TILE_PX),
        **result_origin(provenance),
    )
    with write_atomically(path) as partial:
        made.save_as(partial)


def _segments(
    class_names: Sequence[str], algorithm: str, provenance: Provenance
) -> list[SegmentDescription]:
    from highdicom.color import CIELabColor
    from highdicom.seg import SegmentDescription

    colours = class_colours(len(class_names))
    return [
        SegmentDescription(
            segment_number=number,
            segment_label=name[:64],
            segmented_property_category=class_codes(name)[0],
            segmented_property_type=class_codes(name)[1],
            algorithm_type="AUTOMATIC",
            algorithm_identification=algorithm_identification(algorithm, provenance),
            display_color=CIELabColor.from_rgb(*colours[number]),
        )
        for number, name in enumerate(class_names)
        if number
    ]


def _measures(source: Dataset, scale: float) -> PixelMeasuresSequence:
    from highdicom import PixelMeasuresSequence

    thickness = source.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SliceThickness
    spacing = tuple(float(f"{mm * scale:.12g}") for mm in spacing_mm(source))
    return PixelMeasuresSequence(pixel_spacing=spacing, slice_thickness=float(thickness))
