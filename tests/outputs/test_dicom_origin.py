"""A result is a series of its own and names the model."""

from pydicom import Dataset

from monai_ext.outputs.dicom_origin import algorithm_identification, result_origin
from monai_ext.outputs.provenance import Provenance


def test_every_result_is_another_instance_of_another_series():
    provenance = Provenance("a")
    one, other = result_origin(provenance), result_origin(provenance)
    uids = [made[key] for made in (one, other) for key in one if key.endswith("instance_uid")]
    assert len(set(uids)) == 4
    assert one["device_serial_number"] == other["device_serial_number"] == provenance.id


def test_algorithm_is_the_model_and_its_weights():
    provenance = Provenance("a", encoder_id="uni_v1", checkpoint_hash="ff00")
    (item,) = algorithm_identification("n" * 70, provenance)
    assert isinstance(item, Dataset)
    assert (item.AlgorithmName, item.AlgorithmVersion) == ("n" * 64, "ff00")
    told = dict(part.split("=") for part in item.AlgorithmParameters.split(","))
    assert told == {key: value for key, value in provenance.mapping().items() if value}
    assert algorithm_identification("x", Provenance())[0].AlgorithmVersion == "unknown"
