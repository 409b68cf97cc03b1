"""The plain baseline: mean feature of a slide and logistic regression, without a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_ext.data import Datalist, load_bag
from monai_ext.errors import CohortError, SettingError
from monai_ext.ops.bag_layout import NUM_INDEX_ROWS
from monai_ext.outputs.predictions import Prediction, prediction_table

POOLINGS = ("mean", "mean_max")


def mean_pool_logistic(
    datalist: Datalist, *, c: float, pooling: str = "mean", part: str = "test"
) -> tuple[Prediction, ...]:
    r"""Predict a part of a split from pooled features.

    A slide is the mean (``mean_max``: mean and maximum) of each level's features, levels one
    after another; a level without tiles counts as the training mean. Features are standardised and
    the regression is fitted on the **training part only**; the validation part, which networks
    use to choose a checkpoint, stays unused, as does the test part:

    .. math:: \min_{w, b} \; \tfrac12 \lVert w \rVert^2 + C \sum_i \ell(y_i, w^\top x_i + b)

    Args:
        datalist: one split.
        c: C > 0, the inverse of the ridge; small means strongly regularised.
        pooling: ``mean`` or ``mean_max``.
        part: predicted part.

    Returns:
        Predictions sorted by slide, with labels.

    Raises:
        SettingError: for another pooling or C.
        CohortError: if the training part has one class only, or the predicted part is empty.
        FeatureError: if a feature file cannot be read.
    """
    _check(datalist, c, pooling, part)
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    train = _pooled(datalist.training, pooling)
    usual = _column_means(train)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=5000))
    model.fit(_filled(train, usual), [item["label"] for item in datalist.training])
    items = datalist.part(part)
    probabilities = np.zeros((len(items), datalist.num_classes))
    probabilities[:, model.classes_] = model.predict_proba(_filled(_pooled(items, pooling), usual))
    rows = [_prediction(datalist, *pair) for pair in zip(items, probabilities, strict=True)]
    return prediction_table(rows, datalist.class_names).rows


def _pooled(items: Sequence[dict[str, Any]], pooling: str) -> NDArray[np.float64]:
    """One row a slide, nan for the features of a level without tiles."""
    return np.stack([_pooled_slide(item["image"], pooling) for item in items])


def _pooled_slide(files: str | Sequence[str], pooling: str) -> NDArray[np.float64]:
    bag, meta = load_bag(files, is_spatial=False)
    features = bag[NUM_INDEX_ROWS:].mT.numpy()
    parts, start = [], 0
    for count, width in zip(meta["num_tiles"], meta["widths"], strict=True):
        level = features[start : start + count, :width]
        start += count
        empty = np.full(width, np.nan)
        parts.append(level.mean(axis=0, dtype=np.float64) if count else empty)
        if pooling == "mean_max":
            parts.append(level.max(axis=0).astype(np.float64) if count else empty)
    return np.concatenate(parts)


def _column_means(train: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of each column over the slides that have it; 0 where none has."""
    known = ~np.isnan(train)
    return np.where(known, train, 0).sum(axis=0) / np.maximum(1, known.sum(axis=0))


def _filled(rows: NDArray[np.float64], usual: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isnan(rows), usual, rows)


def _prediction(
    datalist: Datalist, item: dict[str, Any], probabilities: NDArray[np.float64]
) -> Prediction:
    return Prediction(
        item["slide"],
        str(item["patient"]),
        tuple(probabilities.tolist()),
        datalist.class_names[item["label"]],
    )


def _check(datalist: Datalist, c: float, pooling: str, part: str) -> None:
    if pooling not in POOLINGS or not c > 0:
        raise SettingError(
            f"pooling={pooling!r}, c={c}",
            f"pooling is {' or '.join(POOLINGS)} and c above 0",
            "try pooling='mean', c=0.01",
        )
    if len({item["label"] for item in datalist.training}) < 2 or not datalist.part(part):
        raise CohortError(
            f"{datalist.path}: {len(datalist.training)} training and "
            f"{len(datalist.part(part))} {part} slides",
            f"training has at least two classes and {part} a slide",
            "make the split again",
        )
