"""Names of classes are codes that others know where there are such."""

import pytest

from monai_ext.outputs import dicom_codes
from monai_ext.outputs.dicom_codes import class_codes, measurement_codes, own_code


def told(code):
    return code.scheme_designator, code.value, code.meaning


def test_known_classes_have_codes_of_snomed_ct():
    assert [told(code) for code in class_codes(" Tumour")] == [
        ("SCT", "49755003", "Morphologically Abnormal Structure"),
        ("SCT", "108369006", "Neoplasm"),
    ]
    assert [told(code) for code in class_codes("stroma")] == [
        ("SCT", "85756007", "Tissue"),
        ("SCT", "21793004", "Connective tissue"),
    ]


@pytest.mark.parametrize("name", dicom_codes._KNOWN)
def test_every_known_class_is_in_pydicoms_dictionary(name):
    assert {code.scheme_designator for code in class_codes(name)} == {"SCT"}


def test_other_classes_have_codes_of_our_own():
    category, kind = class_codes("gland")
    assert category.scheme_designator == "SCT"
    assert told(kind) == ("99MONAIEXT", "gland", "gland")


def test_code_values_fit_into_dicom_and_stay_apart():
    long = "glands of the colon, of grade 2 and of grade 3, and what lies between these"
    values = [own_code(name).value for name in (long, long + "!", "Drüse", "a\\b", "gland")]
    assert max(map(len, values)) <= 16
    assert all(map(str.isascii, values))
    assert len(set(values)) == 5
    assert own_code(long).meaning == long[:64]
    assert "\\" not in own_code("a\\b").meaning


def test_measurements_have_names_and_units():
    assert [told(code) for code in measurement_codes("area um2")] == [
        ("SCT", "42798000", "Area"),
        ("UCUM", "um2", "square micrometer"),
    ]
    assert told(measurement_codes("mean probability")[0]) == ("DCM", "122157", "Probability")
    assert [told(code) for code in measurement_codes("attention rank")] == [
        ("99MONAIEXT", "attention rank", "attention rank"),
        ("UCUM", "1", "no units"),
    ]
