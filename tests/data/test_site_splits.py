"""Folds of whole sites: no site, and so no patient, in two parts."""

from collections import Counter

import numpy as np
import pytest

from monai_ext.data import Split
from monai_ext.data.site_splits import require_whole_sites, site_fold_splits
from monai_ext.data.split_parts import PARTS
from monai_ext.errors import CohortError
from tests.data.feature_files import cohort_of


def _random(seed):
    """5 to 12 sites of 2 to 9 patients with 1 to 3 slides, sites leaning to a class."""
    rng = np.random.default_rng(seed)
    rows, sites = [], {}
    for site in range(rng.integers(5, 13)):
        lean = rng.uniform(0.2, 0.8)
        for p in range(rng.integers(2, 10)):
            label = "b" if rng.random() < lean else "a"
            for k in range(rng.integers(1, 4)):
                slide = f"s{site}_{p}_{k}"
                rows.append((slide, f"p{site}_{p}", label))
                sites[slide] = f"site{site}"
    return cohort_of(rows), sites


@pytest.mark.parametrize("block", range(4))
def test_random_cohorts_keep_sites_and_patients_whole(block):
    refused = 0
    for seed in range(block * 10, block * 10 + 10):
        cohort, sites = _random(seed)
        try:
            splits = site_fold_splits(cohort, sites, folds=4, seed=seed)
        except CohortError:
            refused += 1
            continue
        tested = Counter(slide for split in splits for slide in split.test)
        assert tested == Counter(one.slide for one in cohort.slides)
        labels = {one.slide: one.label for one in cohort.slides}
        for split in splits:
            parts = [{sites[slide] for slide in split.part(part)} for part in PARTS]
            assert sum(map(len, parts)) == len(set.union(*parts)) == len(set(sites.values()))
            assert sum(len(split.part(part)) for part in PARTS) == len(cohort.slides)
            for part in PARTS:
                assert {labels[slide] for slide in split.part(part)} == {"a", "b"}
            assert split.settings["sites"]["test"] == sorted(parts[2])
    assert refused <= 3


def _sites(counts):
    """Sites with (patients of a, patients of b)."""
    rows, sites = [], {}
    for site, (a, b) in enumerate(counts):
        for k in range(a + b):
            rows.append((f"s{site}_{k}", f"p{site}_{k}", "a" if k < a else "b"))
            sites[f"s{site}_{k}"] = f"site{site}"
    return cohort_of(rows), sites


def test_classes_and_sizes_are_as_even_as_sites_allow():
    """Four pairs of sites that are even together: one of each pair in each fold is possible."""
    cohort, sites = _sites([(6, 2), (2, 6)] * 4)
    labels = {one.slide: one.label for one in cohort.slides}
    for split in site_fold_splits(cohort, sites, folds=4, seed=0):
        assert Counter(labels[slide] for slide in split.test) == {"a": 8, "b": 8}


def test_validation_is_near_its_share_of_patients():
    cohort, sites = _sites([(2, 2)] * 20)
    for split in site_fold_splits(cohort, sites, folds=5, seed=0):
        assert len(split.test) == 16
        assert abs(len(split.validation) - 0.15 * 64) <= 4


def test_validation_has_two_classes_though_sites_of_one_would_fit_better():
    cohort, sites = _sites([(9, 0)] * 3 + [(20, 25)] * 3)
    labels = {one.slide: one.label for one in cohort.slides}
    for split in site_fold_splits(cohort, sites, folds=3, seed=0):
        assert {labels[slide] for slide in split.validation} == {"a", "b"}


def test_seed_decides():
    cohort, sites = _sites([(2, 2)] * 12)
    one, same, other = (site_fold_splits(cohort, sites, folds=3, seed=s) for s in (1, 1, 2))
    assert one == same
    assert [s.test for s in one] != [s.test for s in other]


@pytest.mark.parametrize(
    ("counts", "folds"),
    [
        ([(5, 5)] * 3, 4),
        ([(5, 5)] * 5, 1),
        ([(9, 0)] * 4 + [(0, 9)], 3),
        ([(5, 5)] * 2, 2),
    ],
    ids=["more folds than sites", "one fold", "a class at one site", "no site for validation"],
)
def test_what_cannot_be_is_refused_in_one_line(counts, folds):
    cohort, sites = _sites(counts)
    with pytest.raises(CohortError, match=f"{len(counts)} sites .* do not make {folds} folds") as e:
        site_fold_splits(cohort, sites, folds=folds, seed=0)
    assert "\n" not in str(e.value)
    assert f"site0 {counts[0][0]}/{counts[0][1]}" in str(e.value)


def test_torn_site_of_a_given_split_is_named():
    sites = {"s0": "X", "s1": "X", "s2": "Y"}
    whole = Split("split", ("s0", "s1"), (), ("s2",))
    assert require_whole_sites(whole, sites) is whole
    with pytest.raises(CohortError, match=r"split 'split': site 'X' \(test, training\) is in"):
        require_whole_sites(Split("split", ("s0",), (), ("s1", "s2")), sites)
