"""Polygons as DICOM Microscopy Bulk Simple Annotations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from monai_ext.atomic import write_atomically
from monai_ext.outputs.annotation import Annotation
from monai_ext.outputs.dicom_codes import class_codes, measurement_codes
from monai_ext.outputs.dicom_origin import algorithm_identification, result_origin
from monai_ext.outputs.dicom_source import dicom_source
from monai_ext.outputs.keyhole import keyhole
from monai_ext.outputs.provenance import Provenance
from monai_ext.wsi.info import SlideInfo

if TYPE_CHECKING:
    from highdicom.ann import AnnotationGroup, Measurements


def write_dicom_annotations(
    path: Path | str,
    annotations: Iterable[Annotation],
    info: SlideInfo,
    algorithm: str,
    provenance: Provenance,
    *,
    description: str = "polygons, found by an algorithm",
) -> int:
    """Write polygons in level-0 pixels of the total pixel matrix, a group a class, by name.

    Bulk annotations have no holes: a polygon with holes is one ring that a slit joins to them (see
    ``monai_ext.outputs.keyhole``), of the same area. Measurements are those of the polygons, with
    units. It refers to the instance of level 0 and tells nothing of the patient.

    Args:
        path: ``*.dcm``.
        annotations: in level-0 px; a DICOM slide has no bounds that would shift them.
        info: of the DICOM slide.
        algorithm: name of the model.
        provenance: of the result.
        description: of all, at most 64 letters.

    Returns:
        Number of polygons. Without one no file is written, as DICOM asks for one at least, and an
        earlier file goes.

    Raises:
        SlideError: if the slide is not DICOM, or does not say where it lies.
        SettingError: if highdicom is not installed.
    """
    source = dicom_source(info)
    from highdicom.ann import MicroscopyBulkSimpleAnnotations

    groups: dict[str, list[Annotation]] = {}
    for one in annotations:
        groups.setdefault(one.name, []).append(one)
    path, count = Path(path), sum(map(len, groups.values()))
    if not count:
        path.unlink(missing_ok=True)
        return 0
    made = MicroscopyBulkSimpleAnnotations(
        source_images=[source],
        annotation_coordinate_type="2D",
        annotation_groups=[
            _group(number, name, polygons, algorithm, provenance)
            for number, (name, polygons) in enumerate(sorted(groups.items()), start=1)
        ],
        content_label="ANNOTATIONS",
        content_description=description,
        **result_origin(provenance),
    )
    with write_atomically(path) as partial:
        made.save_as(partial)
    return count


def _group(
    number: int,
    name: str,
    polygons: Sequence[Annotation],
    algorithm: str,
    provenance: Provenance,
) -> AnnotationGroup:
    from highdicom.ann import AnnotationGroup
    from highdicom.color import CIELabColor
    from pydicom.uid import generate_uid

    category, kind = class_codes(name)
    return AnnotationGroup(
        number=number,
        uid=generate_uid(),
        label=name[:64],
        annotated_property_category=category,
        annotated_property_type=kind,
        graphic_type="POLYGON",
        graphic_data=[keyhole(one.rings).astype(np.float32) for one in polygons],
        algorithm_type="AUTOMATIC",
        algorithm_identification=algorithm_identification(algorithm, provenance),
        measurements=_measurements(polygons),
        display_color=CIELabColor.from_rgb(*polygons[0].colour),
    )


def _measurements(polygons: Sequence[Annotation]) -> list[Measurements]:
    from highdicom.ann import Measurements

    names = dict.fromkeys(name for one in polygons for name in one.measurements)
    values = {
        name: np.array([one.measurements.get(name, np.nan) for one in polygons], np.float32)
        for name in names
    }
    return [
        Measurements(name=code, values=values[name], unit=unit)
        for name in names
        for code, unit in [measurement_codes(name)]
    ]
