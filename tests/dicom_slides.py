"""DICOM slides that wsidicomizer makes of others, for tests."""

import os
from ctypes.util import find_library
from pathlib import Path

import pydicom
import pytest

PATIENT = {
    "PatientName": "Invented^Griselda",
    "PatientID": "INV-4711",
    "PatientBirthDate": "19010203",
    "AccessionNumber": "ACC-0815",
    "ReferringPhysicianName": "Nobody^Doctor",
    "ContainerIdentifier": "S26-0123-A1",
}
"""Nobody's; written into slides to see that it goes nowhere."""


def dicom_slide(source, folder, patient=PATIENT):
    """Every level as lossless JPEG 2000, by way of OpenSlide; needs nothing but PyPI."""
    from wsidicom.codec import Jpeg2kSettings
    from wsidicomizer import WsiDicomizer
    from wsidicomizer.extras.openslide.openslide_source import OpenSlideSource

    Path(folder).parent.mkdir(parents=True, exist_ok=True)
    lossless = {"encoding": Jpeg2kSettings(levels=0), "preferred_source": OpenSlideSource}
    WsiDicomizer.convert(source, folder, tile_size=128, workers=1, **lossless)
    return _of_patient(folder, patient)


def dicom_slide_of_stored_frames(source, folder, patient=PATIENT):
    """The JPEG tiles as they are stored; needs the library libturbojpeg of the system."""
    if not (find_library("turbojpeg") or os.environ.get("TURBOJPEG")):
        pytest.skip("libturbojpeg not found (apt-get install libturbojpeg0, or set TURBOJPEG)")
    from wsidicomizer import WsiDicomizer

    WsiDicomizer.convert(source, folder, workers=1)
    return _of_patient(folder, patient)


def _of_patient(folder, patient):
    for path in Path(folder).iterdir():
        data = pydicom.dcmread(path)
        for name, value in patient.items():
            setattr(data, name, value)
        data.save_as(path)
    return Path(folder)
