"""What classes and measurements are called in DICOM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monai_ext.hashing import json_hash

if TYPE_CHECKING:
    from pydicom.sr.coding import Code

SCHEME = "99MONAIEXT"
_CODE_LENGTH, _MEANING_LENGTH = 16, 64
_ABNORMAL, _TISSUE = "MorphologicallyAbnormalStructure", "Tissue"
_KNOWN = {
    "tissue": (_TISSUE, "Tissue"),
    "stroma": (_TISSUE, "ConnectiveTissue"),
    "connective tissue": (_TISSUE, "ConnectiveTissue"),
    "fat": (_TISSUE, "AdiposeTissue"),
    "adipose tissue": (_TISSUE, "AdiposeTissue"),
    "lymphoid tissue": (_TISSUE, "LymphoidTissue"),
    "nucleus": ("AnatomicalStructure", "Nucleus"),
    "nuclei": ("AnatomicalStructure", "Nucleus"),
    "necrosis": (_ABNORMAL, "Necrosis"),
    "tumor": (_ABNORMAL, "Neoplasm"),
    "tumour": (_ABNORMAL, "Neoplasm"),
    "neoplasm": (_ABNORMAL, "Neoplasm"),
    "carcinoma": (_ABNORMAL, "Carcinoma"),
    "adenocarcinoma": (_ABNORMAL, "Adenocarcinoma"),
}
"""SNOMED CT category and type of class names, as pydicom calls them."""
_UM2, _NO_UNIT = ("um2", "square micrometer"), ("1", "no units")


def class_codes(name: str) -> tuple[Code, Code]:
    """Category and type of a class: SNOMED CT for a few names, else a code of our own.

    Args:
        name: of the class.
    """
    from pydicom.sr.codedict import codes

    category, kind = _KNOWN.get(name.strip().lower(), ("", ""))
    if kind:
        return getattr(codes.SCT, category), getattr(codes.SCT, kind)
    return codes.SCT.SpatialAndRelationalConcept, own_code(name)


def measurement_codes(name: str) -> tuple[Code, Code]:
    """Name and unit (UCUM) of a measurement as GeoJSON calls it; what is no area has no unit.

    Args:
        name: e.g. ``"area um2"``, ``"mean probability"``, ``"attention"``.
    """
    from pydicom.sr.codedict import codes
    from pydicom.sr.coding import Code

    known = {"area um2": codes.SCT.Area, "mean probability": codes.DCM.Probability}
    unit = _UM2 if name.endswith("um2") else _NO_UNIT
    return known.get(name) or own_code(name), Code(unit[0], "UCUM", unit[1])


def own_code(meaning: str) -> Code:
    """A code of the private scheme ``99MONAIEXT``: the name itself where it can be a code value.

    Example:
        >>> own_code("gland").value, len(own_code("a name of more than 16 letters").value)
        ('gland', 16)
    """
    from pydicom.sr.coding import Code

    is_short = len(meaning) <= _CODE_LENGTH and meaning.isascii() and "\\" not in meaning
    value = meaning if is_short else json_hash(meaning)
    return Code(value, SCHEME, meaning[:_MEANING_LENGTH].replace("\\", "/"))
