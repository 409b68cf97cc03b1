"""Segmentation scores of many images as if they were one, under any weighting of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from monai_ext.experiments.metrics import Array

Weighted = Callable[[Array], Array]
_OBJECTS = ("object_tp", "object_fp", "object_fn")


def pooled_scores(columns: Mapping[str, Array]) -> dict[str, Weighted]:
    r"""Functions of weights [R, N] that give each pooled score [R] of N images.

    Counts are added first: with weights w, Dice of class c is
    :math:`2 \sum_n w_n TP_{nc} / \sum_n w_n (2 TP_{nc} + FP_{nc} + FN_{nc})`; IoU likewise without
    the twos. ``mdice`` and ``miou`` are means over the classes that are anywhere; ``object_f1``
    is that of the added object counts.

    Args:
        columns: the columns ``tp_NAME``, ``fp_NAME``, ``fn_NAME`` (and of objects ``object_tp``,
            ``object_fp``, ``object_fn``) of a table of scores, each [N]. Others are not read.
    """
    names = [name.removeprefix("tp_") for name in columns if name.startswith("tp_")]
    keys = {name: (f"tp_{name}", f"fp_{name}", f"fn_{name}") for name in names}
    scores: dict[str, Weighted] = {}
    for key, factor in (("dice", 2), ("iou", 1)):
        each = {f"{key}_{name}": _ratio(columns, keys[name], factor) for name in names}
        scores |= each | {f"m{key}": _mean(list(each.values()))}
    if "object_tp" in columns:
        scores["object_f1"] = _ratio(columns, _OBJECTS, 2)
    return scores


def _ratio(columns: Mapping[str, Array], keys: tuple[str, str, str], factor: int) -> Weighted:
    """Factor TP / (factor TP + FP + FN); nan where there is none of them."""
    tp, fp, fn = (columns[key] for key in keys)

    def score(weights: Array) -> Array:
        total = weights @ (factor * tp + fp + fn)
        empty = np.full(len(weights), np.nan)
        return np.divide(factor * (weights @ tp), total, out=empty, where=total > 0)

    return score


def _mean(parts: list[Weighted]) -> Weighted:
    def mean(weights: Array) -> Array:
        values = np.stack([part(weights) for part in parts])
        has = ~np.isnan(values)
        empty = np.full(len(weights), np.nan)
        sums = np.where(has, values, 0.0).sum(axis=0)
        return np.divide(sums, has.sum(axis=0), out=empty, where=has.any(axis=0))

    return mean
