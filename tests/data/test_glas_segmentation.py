"""GlaS: the official split says that it shares patients, the other shares none."""

import pytest

from monai_ext.data.glas import GlasImage
from monai_ext.data.glas_segmentation import official_split, patient_split


@pytest.fixture
def images(tmp_path):
    """Twelve patients; 1, 2 and 7 are in both official parts."""
    found = []
    for k in range(40):
        part, patient = ("train", k % 8) if k < 24 else ("testA", (k % 7 + 6) % 12)
        label = "malignant" if patient % 2 else "benign"
        found.append(
            GlasImage(f"{part}_{k}", str(patient), label, tmp_path / "i", tmp_path / "m", "")
        )
    return found


def patients(items):
    return {item["patient"] for item in items}


def test_the_official_parts_are_kept_and_validation_is_by_patient(images):
    split = official_split(images)
    assert {i["slide"] for i in split.test} == {i.name for i in images if i.name[:5] == "testA"}
    assert {i["slide"] for i in [*split.training, *split.validation]} == {
        i.name for i in images if i.name[:5] == "train"
    }
    assert patients(split.training).isdisjoint(patients(split.validation))
    assert len(patients(split.validation)) == 2
    assert patients(split.test) & patients(split.training)
    assert "patients" in split.patients_shared
    assert {i["mpp"] for i in split.training} == {0.62}
    assert official_split(images, seed=3).validation != split.validation


def test_the_patient_split_shares_no_patient(images):
    split = patient_split(images)
    parts = [patients(p) for p in (split.training, split.validation, split.test)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == len({i.patient for i in images})
    assert split.patients_shared is None
    assert len(split.training) + len(split.validation) + len(split.test) == 40
