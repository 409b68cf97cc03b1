"""Pooled scores are those of the images laid side by side, as often as they are weighed."""

import numpy as np
import pytest
import torch

from monai_ext.experiments.pooled_segmentation import pooled_scores
from monai_ext.metrics import class_dice, class_iou, object_f1, pixel_counts
from monai_ext.outputs.segmentation_row import ScoredClasses, segmentation_row

CLASSES = ScoredClasses(("ground", "gland", "tumour"))


@pytest.fixture
def images(rng):
    """The last class is in the first image only."""
    maps = [torch.randint(0, 2, (2, 6, 5 + n), generator=rng) for n in range(3)]
    maps[0][0, :2] = 2
    maps[0][1, 1:4] = 2
    return maps


@pytest.fixture
def columns(images):
    rows = [segmentation_row(*maps, CLASSES, None) for maps in images]
    return {name: np.array([row[name] for row in rows], dtype=float) for name in rows[0]}


@pytest.mark.parametrize("times", [(1, 1, 1), (2, 0, 1), (0, 3, 1)])
def test_pixel_scores_are_those_of_repeated_images(images, columns, times):
    repeated = [maps for maps, n in zip(images, times, strict=True) for _ in range(n)]
    counts = pixel_counts(*torch.cat(repeated, dim=2), 3)
    found = {name: f(np.array([times]))[0] for name, f in pooled_scores(columns).items()}
    for key, score in (("dice", class_dice(counts)), ("iou", class_iou(counts))):
        each = [found[f"{key}_{name}"] for name in CLASSES.names]
        np.testing.assert_allclose(each, score, rtol=1e-12)
        assert found[f"m{key}"] == pytest.approx(float(score.nanmean()), rel=1e-12)


def test_object_score_adds_counts_before_the_ratio(columns):
    added = [int(columns[f"object_{kind}"].sum()) for kind in ("tp", "fp", "fn")]
    found = pooled_scores(columns)["object_f1"](np.ones((1, 3)))
    assert found == pytest.approx(object_f1(*added))


def test_no_weight_has_no_score(columns):
    for score in pooled_scores(columns).values():
        assert np.isnan(score(np.zeros((2, 3)))).all()


def test_tables_without_objects_have_no_object_score(columns):
    kept = {name: value for name, value in columns.items() if not name.startswith("object")}
    assert "object_f1" not in pooled_scores(kept)
