"""Labelled subsets are nested, fair to groups, and show every class first."""

import numpy as np
import pytest

from monai_ext.data.labelled_subset import labelled_count, labelled_order, require_classes
from monai_ext.errors import CohortError

NAMES = [f"i{k:02d}" for k in range(40)]
GROUPS = {name: "rare" if k < 10 else "common" for k, name in enumerate(NAMES)}


def test_every_beginning_has_its_share_of_each_group():
    order = labelled_order(GROUPS, {name: [0, 1] for name in NAMES}, 0)
    assert sorted(order) == NAMES
    for n in range(1, 41):
        rare = sum(GROUPS[name] == "rare" for name in order[:n])
        assert abs(rare - n / 4) <= 1


def test_images_that_are_needed_for_a_class_come_first():
    classes = {name: [0] for name in NAMES}
    classes["i07"], classes["i33"] = [0, 1], [2]
    for seed in range(5):
        assert set(labelled_order(GROUPS, classes, seed)[:2]) == {"i07", "i33"}


def test_the_seed_decides_and_the_order_of_the_table_does_not():
    classes = {name: [0] for name in NAMES}
    turned = dict(reversed(GROUPS.items()))
    assert labelled_order(GROUPS, classes, 3) == labelled_order(turned, classes, 3)
    assert labelled_order(GROUPS, classes, 3) != labelled_order(GROUPS, classes, 4)
    firsts = {labelled_order(GROUPS, classes, seed)[0] for seed in range(60)}
    assert len(firsts) > 15


def test_counts_are_rounded_and_at_least_one():
    assert [labelled_count(80, r) for r in (0.05, 0.1, 0.78, 1.0)] == [4, 8, 62, 80]
    assert labelled_count(5, 0.01) == 1
    for wrong in (0.0, -1.0, 1.5, float(np.nan)):
        with pytest.raises(CohortError, match="labelled_ratio"):
            labelled_count(5, wrong)


def test_a_class_without_a_labelled_image_is_named():
    shown = {"a": [0], "b": [0, 2]}
    require_classes(["a", "b"], shown, ["x", "y", "z"][:1])
    with pytest.raises(CohortError, match="1 labelled images show no pixel of y, z"):
        require_classes(["a"], shown, ["x", "y", "z"])
