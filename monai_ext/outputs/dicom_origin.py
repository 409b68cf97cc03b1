"""Who made a DICOM result, and by which algorithm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import monai_ext
from monai_ext.outputs.dicom_codes import SCHEME
from monai_ext.outputs.provenance import Provenance

if TYPE_CHECKING:
    from highdicom import AlgorithmIdentificationSequence

_UNKNOWN = "unknown"
_SERIES_NUMBER = 1000  # behind those of scanners


def result_origin(provenance: Provenance) -> dict[str, Any]:
    """Identity and equipment of a new result, a series of its own in the slide's study.

    Args:
        provenance: of the result; its id is the equipment's serial number.
    """
    from highdicom.coding_schemes import CodingSchemeIdentificationItem
    from pydicom.uid import generate_uid

    own = CodingSchemeIdentificationItem(designator=SCHEME, name="monai_ext")
    return {
        "series_instance_uid": generate_uid(),
        "series_number": _SERIES_NUMBER,
        "sop_instance_uid": generate_uid(),
        "instance_number": 1,
        "manufacturer": "monai_ext",
        "manufacturer_model_name": "monai_ext",
        "software_versions": monai_ext.__version__,
        "device_serial_number": provenance.id,
        "specific_character_set": "ISO_IR 192",
        "coding_schemes": [own],
    }


def algorithm_identification(name: str, provenance: Provenance) -> AlgorithmIdentificationSequence:
    """The model by its name; its version is the hash of its weights.

    Args:
        name: e.g. of the bundle.
        provenance: its links go along as parameters.
    """
    import highdicom
    from pydicom.sr.codedict import codes

    links = {key: str(value) for key, value in provenance.mapping().items() if value is not None}
    return highdicom.AlgorithmIdentificationSequence(
        name=name[:64],
        family=codes.DCM.ArtificialIntelligence,
        version=provenance.checkpoint_hash or _UNKNOWN,
        source="monai_ext",
        parameters=links,
    )
