import pytest

from monai_ext.data.bag_meta import provenance_id
from tests.data.feature_files import item

CHANGES = {
    "slide": "b",
    "slide_hash": "other",
    "request_hash": "other",
    "encoder_id": "uni_v1",
    "weight_hash": "w1",
    "transform_hash": "t1",
    "step_px": 500,
}


@pytest.mark.parametrize("name", CHANGES)
def test_provenance_changes_with_all_that_makes_the_features(name):
    assert provenance_id([item()]) != provenance_id([item(**{name: CHANGES[name]})])


def test_provenance_is_repeatable():
    assert provenance_id([item(), item(level=1)]) == provenance_id([item(), item(level=1)])
