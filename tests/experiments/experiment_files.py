"""Experiments on disk as crossval leaves them, with predictions made up by a formula."""

import numpy as np

from monai_ext.data import Cohort, CohortSlide, few_shot_splits, fold_splits
from monai_ext.experiments.crossval_record import SplitParts, record_experiment
from monai_ext.outputs import Prediction, write_predictions

CLASSES = ("neg", "pos")


def toy_cohort(patients=24, slides=2):
    """Patients alternate between two classes; each has the same number of slides."""
    rows = [
        (f"p{i:02}_{k}", f"p{i:02}", CLASSES[i % 2]) for i in range(patients) for k in range(slides)
    ]
    return Cohort(tuple(CohortSlide(*row) for row in rows), CLASSES)


def draws(cohort, shots=(2,), number=6, train_patients=10):
    return few_shot_splits(
        cohort, shots=list(shots), draws=number, train_patients=train_patients, seed=0
    )


def folds(cohort, number=5):
    return fold_splits(cohort, folds=number, seed=0)


def split_parts_of(cohort, split):
    patient = {item.slide: item.patient for item in cohort.slides}
    training, validation, test = (
        tuple(sorted({patient[slide] for slide in part}))
        for part in (split.training, split.validation, split.test)
    )
    name = f"hash of {split.name}"
    return SplitParts(name, training, validation, test, split.settings.get("shots"))


def made_up(cohort, slides, effect, seed):
    """Predictions that are the better the larger the effect."""
    rng, rows = np.random.default_rng(seed), []
    label = {item.slide: item for item in cohort.slides}
    for slide in slides:
        sign = 2 * cohort.label_index(label[slide]) - 1
        p = float(1 / (1 + np.exp(-(effect * sign + rng.normal()))))
        rows.append(Prediction(slide, label[slide].patient, (1 - p, p), label[slide].label))
    return rows


def write_experiment(folder, cohort, splits, *, effect=1.0, baseline=0.5, seed=0):
    """An experiment's folder; ``baseline=None`` leaves the baseline out."""
    folder.mkdir(parents=True)
    parts = {split.name: split_parts_of(cohort, split) for split in splits}
    record_experiment(folder, {"bundle": folder.name, "overrides": {}}, parts)
    for number, split in enumerate(splits):
        for name, strength in (("predictions.csv", effect), ("baseline.csv", baseline)):
            if strength is not None:
                rows = made_up(cohort, split.test, strength, [seed, number, name[0] == "b"])
                write_predictions(folder / split.name / name, rows, CLASSES)
    return folder
