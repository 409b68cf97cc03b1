"""Bulk annotations read back with wsidicom are the polygons that were written."""

import numpy as np
import pydicom
import pytest
from shapely import Polygon, make_valid

from monai_ext.errors import SlideError
from monai_ext.outputs.annotation import annotation_of
from monai_ext.outputs.dicom_annotations import write_dicom_annotations
from monai_ext.outputs.label_geojson import OutlineRules, label_features
from monai_ext.outputs.provenance import Provenance
from monai_ext.wsi.dicom_series import series_levels
from tests.outputs.annotation_parts import annotation, square
from tests.outputs.conftest import SIZE
from tests.outputs.dicom_parts import dciodvfy_faults, filled, overlap_of, read_groups
from tests.outputs.label_parts import blobs, label_map, pieces_of

NAMES = ["background", "gland", "tumour"]
PROVENANCE = Provenance("slide", checkpoint_hash="0123456789abcdef")


def written(tmp_path, dicom, annotations):
    path = tmp_path / "annotations" / "a.dcm"
    count = write_dicom_annotations(path, annotations, dicom.info, "our model", PROVENANCE)
    assert count == len(annotations)
    return path


def label_annotations():
    found = label_map(blobs(350, 500, sigma=9), scale=2.0, mpp=1.0, size=SIZE)
    features = label_features(found, pieces_of(found), NAMES, OutlineRules())
    return [annotation_of(feature) for feature in features]


def test_polygons_overlap_with_those_of_the_geojson(tmp_path, dicom):
    annotations = label_annotations()
    assert any(len(one.rings) > 1 for one in annotations)
    groups = read_groups(written(tmp_path, dicom, annotations))
    assert list(groups) == sorted(NAMES[1:])
    for name, (rings, _) in groups.items():
        shape = (SIZE[1], SIZE[0])
        expected = filled([one.rings for one in annotations if one.name == name], shape)
        read_back = filled([[ring] for ring in rings], shape)
        assert expected.sum() > 50_000
        assert overlap_of(expected, read_back) >= 0.999


def test_measurements_stay_with_their_polygons_and_have_units(tmp_path, dicom):
    annotations = label_annotations()
    groups = read_groups(written(tmp_path, dicom, annotations))
    for name, (rings, measured) in groups.items():
        mine = [one for one in annotations if one.name == name]
        assert len(rings) == len(mine) > 3
        labels = {("Area", "um2"): "area um2", ("Probability", "1"): "mean probability"}
        assert measured.keys() == labels.keys()
        for key, label in labels.items():
            expected = [one.measurements[label] for one in mine]
            np.testing.assert_allclose(measured[key], expected, rtol=1e-6)


def test_hole_is_joined_by_a_slit_and_comes_back(tmp_path, dicom):
    hole = square(30, 40, 10)[::-1]
    path = written(tmp_path, dicom, [annotation(square(10, 20, 50), hole)])
    ((ring,), _) = read_groups(path)["gland"]
    made = make_valid(Polygon(ring))
    assert made.area == pytest.approx(2400)
    assert made.symmetric_difference(Polygon(square(10, 20, 50), [hole])).area < 1e-6


def test_some_without_a_measurement_are_told_apart(tmp_path, dicom):
    first = annotation(square(0, 0, 5))
    path = written(tmp_path, dicom, [first, annotation(square(9, 9, 5), attention=0.25)])
    group = pydicom.dcmread(path).AnnotationGroupSequence[0]
    (values,) = group.MeasurementsSequence[0].MeasurementValuesSequence
    assert np.frombuffer(values.FloatingPointValues, np.float32).tolist() == [0.25]
    assert np.frombuffer(values.AnnotationIndexList, np.int32).tolist() == [2]
    code = group.MeasurementsSequence[0].ConceptNameCodeSequence[0]
    assert (code.CodeValue, code.CodingSchemeDesignator) == ("attention", "99MONAIEXT")


def test_they_refer_to_the_finest_level_of_their_slide(tmp_path, dicom, dicom_folder):
    source = pydicom.dcmread(series_levels(dicom_folder)[0].path)
    made = pydicom.dcmread(written(tmp_path, dicom, label_annotations()))
    assert made.StudyInstanceUID == source.StudyInstanceUID
    assert made.SeriesInstanceUID != source.SeriesInstanceUID
    assert (made.AnnotationCoordinateType, made.PixelOriginInterpretation) == ("2D", "VOLUME")
    assert made.ReferencedImageSequence[0].ReferencedSOPInstanceUID == source.SOPInstanceUID
    algorithm = made.AnnotationGroupSequence[0].AnnotationGroupAlgorithmIdentificationSequence[0]
    assert algorithm.AlgorithmName == "our model"


def test_without_polygons_there_is_no_file(tmp_path, dicom):
    path = written(tmp_path, dicom, label_annotations())
    assert path.is_file()
    assert not written(tmp_path, dicom, []).exists()


def test_another_slide_than_dicom_is_refused(tmp_path, slide):
    with pytest.raises(SlideError, match="is no DICOM slide"):
        written(tmp_path, slide, label_annotations())


def test_validator_finds_no_fault(tmp_path, dicom):
    assert dciodvfy_faults(written(tmp_path, dicom, label_annotations())) == []
