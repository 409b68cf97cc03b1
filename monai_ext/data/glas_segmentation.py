"""GlaS as a segmentation task: the official split, and one whose patients are apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from monai_ext.data.cohort import Cohort, CohortSlide
from monai_ext.data.glas import GLAS_MPP, GlasImage
from monai_ext.data.patient_draw import draw_patients, patients_by_class, proportional_shares
from monai_ext.data.segmentation_splits import SegmentationSplit
from monai_ext.data.splits import VALIDATION_FRACTION, fold_splits

GLAS_PIXEL_CLASSES = ("background", "gland")
_SHARED = "the challenge's own test part A has patients of its training part"
_PATIENT_FOLDS = 3


def official_split(images: Sequence[GlasImage], seed: int = 0) -> SegmentationSplit:
    """The challenge's training part against its test part A; validation is drawn by patient.

    The challenge's parts share patients, so its scores flatter: see :func:`patient_split`.

    Args:
        images: of both parts, named ``train_*`` and ``testA_*``.
        seed: of the validation patients, 15 % of the training part's.
    """
    training = [image for image in images if image.name.startswith("train_")]
    test = [image for image in images if image.name.startswith("testA_")]
    groups = patients_by_class(_slides(training))
    shares = proportional_shares(groups, VALIDATION_FRACTION, at_least=2)
    chosen = draw_patients(groups, shares, np.random.default_rng(seed))
    return SegmentationSplit(
        name="official",
        training=[_item(i) for i in training if i.patient not in chosen],
        validation=[_item(i) for i in training if i.patient in chosen],
        test=[_item(i) for i in test],
        class_names=GLAS_PIXEL_CLASSES,
        patients_shared=_SHARED,
    )


def patient_split(images: Sequence[GlasImage], seed: int = 0) -> SegmentationSplit:
    """A third of the patients is tested, validation has patients of its own.

    Args:
        images: of both parts.
        seed: of the folds, the first of which is taken.
    """
    cohort = Cohort(source="GlaS", slides=_slides(images), class_names=("benign", "malignant"))
    parts = fold_splits(cohort, folds=_PATIENT_FOLDS, seed=seed)[0]
    by_name = {image.name: image for image in images}
    items: dict[str, Any] = {
        p: [_item(by_name[n]) for n in parts.part(p)] for p in ("training", "validation", "test")
    }
    return SegmentationSplit(name="patient", class_names=GLAS_PIXEL_CLASSES, **items)


def _slides(images: Sequence[GlasImage]) -> tuple[CohortSlide, ...]:
    return tuple(CohortSlide(i.name, i.patient, i.label) for i in images)


def _item(image: GlasImage) -> dict[str, Any]:
    return {
        "image": str(image.image),
        "label": str(image.mask),
        "slide": image.name,
        "patient": image.patient,
        "group": image.label,
        "mpp": GLAS_MPP,
    }
