"""The DICOM slide that a result is about, without anything that tells who the patient is."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from monai_ext.errors import SettingError, SlideError
from monai_ext.wsi.dicom_series import series_levels
from monai_ext.wsi.info import SlideInfo

if TYPE_CHECKING:
    from pydicom import Dataset

_KEPT = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "PositionReferenceIndicator",
    "Modality",
    "ImageType",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "TotalPixelMatrixColumns",
    "TotalPixelMatrixRows",
    "TotalPixelMatrixFocalPlanes",
    "TotalPixelMatrixOriginSequence",
    "ImageOrientationSlide",
    "LossyImageCompression",
    "LossyImageCompressionRatio",
    "LossyImageCompressionMethod",
)
_EMPTIED = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "ReferringPhysicianName",
    "StudyID",
    "StudyDate",
    "StudyTime",
)
_NOT_TOLD = "Not told"


def require_dicom_slide(info: SlideInfo) -> None:
    """Refuse results in DICOM where they cannot be written.

    Raises:
        SlideError: if the slide is not DICOM, so that there is no study to belong to.
        SettingError: if highdicom is not installed.
    """
    if find_spec("highdicom") is None:
        raise SettingError(
            "highdicom is not installed", "results in DICOM need it", "pip install monai-ext[dicom]"
        )
    if info.vendor != "dicom":
        raise SlideError(
            f"slide {info.path} is no DICOM slide ({info.vendor})",
            "a result in DICOM names the study, frame and image that it is about",
            "convert the slide with wsidicomizer, or leave dicom_seg and dicom_annotations out",
        )


def dicom_source(info: SlideInfo) -> Dataset:
    """What says of level 0 of a slide where it lies and to which study it belongs.

    Only what is listed here is taken over: UIDs, sizes and places. Name, number and dates of the
    patient and of the study stay empty, the container and the specimen are known by UID only.

    Args:
        info: of a DICOM slide.

    Raises:
        SlideError: as :func:`require_dicom_slide`, or if the slide lacks a place or a spacing.
        SettingError: if highdicom is not installed.
    """
    require_dicom_slide(info)
    from pydicom import Dataset, dcmread

    names = [*_KEPT, "SharedFunctionalGroupsSequence", "SpecimenDescriptionSequence"]
    stored = dcmread(series_levels(info.path)[0].path, stop_before_pixels=True, specific_tags=names)
    source = Dataset()
    for name in _KEPT:
        if name in stored:
            source[name] = stored[name]
    for name in _EMPTIED:
        setattr(source, name, "")
    source.SharedFunctionalGroupsSequence = [_measures(stored, info)]
    _add_specimen(source, stored)
    return source


def spacing_mm(source: Dataset) -> tuple[float, float]:
    """Distance of rows and of columns of level 0 in mm, as DICOM orders them."""
    shared = source.SharedFunctionalGroupsSequence[0]
    rows, columns = shared.PixelMeasuresSequence[0].PixelSpacing
    return float(rows), float(columns)


def _measures(stored: Dataset, info: SlideInfo) -> Dataset:
    """Spacing and thickness alone: other shared groups may tell of more."""
    from pydicom import Dataset

    try:
        found = stored.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
        _ = stored.TotalPixelMatrixOriginSequence[0], stored.ImageOrientationSlide
    except (AttributeError, IndexError) as error:
        raise SlideError(
            f"slide {info.path} does not say where it lies ({error})",
            "level 0 has a pixel spacing, an origin and an orientation",
            "convert the slide again",
        ) from error
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing = found.PixelSpacing
    measures.SliceThickness = found.get("SliceThickness", 0.0)
    shared.PixelMeasuresSequence = [measures]
    return shared


def _add_specimen(source: Dataset, stored: Dataset) -> None:
    from pydicom import Dataset
    from pydicom.sr.codedict import codes
    from pydicom.uid import generate_uid

    specimen, code = Dataset(), Dataset()
    described: Any = stored.get("SpecimenDescriptionSequence") or [Dataset()]
    specimen.SpecimenIdentifier = _NOT_TOLD
    specimen.SpecimenUID = described[0].get("SpecimenUID") or generate_uid()
    specimen.IssuerOfTheSpecimenIdentifierSequence = []
    specimen.SpecimenPreparationSequence = []
    kind = codes.SCT.MicroscopeSlide
    code.CodeValue, code.CodingSchemeDesignator = kind.value, kind.scheme_designator
    code.CodeMeaning = kind.meaning
    source.ContainerIdentifier = _NOT_TOLD
    source.IssuerOfTheContainerIdentifierSequence = []
    source.ContainerTypeCodeSequence = [code]
    source.SpecimenDescriptionSequence = [specimen]
