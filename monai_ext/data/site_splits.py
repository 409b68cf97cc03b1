"""Folds of whole sites: what is tested was never seen, neither the patient nor the hospital."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monai_ext.data.cohort import Cohort
from monai_ext.data.split_parts import PARTS, Split, require_sound
from monai_ext.data.splits import MIN_VALIDATION_PATIENTS, VALIDATION_FRACTION
from monai_ext.errors import CohortError

_ATTEMPTS, _TRIES = 40, 60


def site_fold_splits(
    cohort: Cohort,
    sites: Mapping[str, str],
    *,
    folds: int,
    seed: int,
    validation_fraction: float = VALIDATION_FRACTION,
) -> list[Split]:
    """Folds for cross-validation in which all patients of a site are in one part.

    Sites are dealt to the test parts, and some of the others to validation, many times at
    random; the deal whose parts come closest to the cohort's shares of the classes, and whose
    validation parts to their size, is kept. Sites of one class only make that hard: nothing is
    promised but that every test and validation part has two classes, and training all of them.

    Args:
        cohort: the labelled slides.
        sites: of each slide, see ``slide_sites``.
        folds: K, at most the number of sites.
        seed: of the deals.
        validation_fraction: of the patients outside the test fold.

    Raises:
        CohortError: if no deal will do.
    """
    table = _SiteTable.of(cohort, sites)
    best: tuple[float, list[dict[str, set[int]]]] | None = None
    for attempt in range(_ATTEMPTS if 2 <= folds <= len(table.names) else 0):
        found = _deal(table, folds, np.random.default_rng([seed, attempt]), validation_fraction)
        if found is not None and (best is None or found[0] < best[0]):
            best = found
    if best is None:
        counts = "; ".join(
            f"{name} {'/'.join(map(str, row.tolist()))}"
            for name, row in zip(table.names, table.patients, strict=True)
        )
        raise CohortError(
            f"{cohort.source}: {len(table.names)} sites (patients of {'/'.join(cohort.class_names)}"
            f": {counts}) do not make {folds} folds",
            "a fold tests whole sites of two classes or more, and leaves sites of two classes to "
            "validate on and of every class to train on",
            "fewer --folds, or leave out --group",
        )
    settings = {"folds": folds, "seed": seed, "group": "site"}
    return [
        require_sound(
            _split(cohort, sites, table, parts, f"fold{fold}", {"fold": fold, **settings}), cohort
        )
        for fold, parts in enumerate(best[1])
    ]


def require_whole_sites(split: Split, sites: Mapping[str, str]) -> Split:
    """Give a split back if no site is in two of its parts.

    Raises:
        CohortError: names the sites.
    """
    places: dict[str, set[str]] = {}
    for part in PARTS:
        for slide in split.part(part):
            places.setdefault(sites[slide], set()).add(part)
    torn = [f"{site!r} ({', '.join(sorted(p))})" for site, p in places.items() if len(p) > 1]
    if torn:
        raise CohortError(
            f"split {split.name!r}: site {', '.join(torn)} is in several parts",
            "with --group all patients of a site are in one part",
            "mend the given split, or leave out --group",
        )
    return split


@dataclass(frozen=True)
class _SiteTable:
    """Patients of each class at each site, [sites, classes], and patients of each site."""

    names: tuple[str, ...]
    patients: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @classmethod
    def of(cls, cohort: Cohort, sites: Mapping[str, str]) -> _SiteTable:
        names = tuple(sorted(set(sites.values())))
        place = {name: k for k, name in enumerate(names)}
        patients = np.zeros((len(names), len(cohort.class_names)), dtype=np.int64)
        sizes = np.zeros(len(names), dtype=np.int64)
        for _, site, label in {(i.patient, sites[i.slide], i.label) for i in cohort.slides}:
            patients[place[site], cohort.class_names.index(label)] += 1
        for _, site in {(i.patient, sites[i.slide]) for i in cohort.slides}:
            sizes[place[site]] += 1
        return cls(names, patients, sizes)

    def classes(self, chosen: Collection[int]) -> int:
        """How many classes these sites have."""
        return int((self.patients[list(chosen)].sum(axis=0) > 0).sum())

    def deviation(self, chosen: Collection[int]) -> float:
        """How far these sites' shares of the classes are from everyone's."""
        counts, everyone = self.patients[list(chosen)].sum(axis=0), self.patients.sum(axis=0)
        return float(np.abs(counts / counts.sum() - everyone / everyone.sum()).sum())


def _deal(
    table: _SiteTable, folds: int, rng: np.random.Generator, fraction: float
) -> tuple[float, list[dict[str, set[int]]]] | None:
    """Test, validation and training sites of each fold, and how uneven they are."""
    uneven, found = 0.0, []
    everyone = set(range(len(table.names)))
    for test in _test_sites(table, folds, rng):
        if not test or table.classes(test) < 2:
            return None
        validation = _validation_sites(table, sorted(everyone - test), rng, fraction)
        if validation is None:
            return None
        share = table.sizes[list(test)].sum() / table.sizes.sum()
        uneven += table.deviation(test) + abs(share * folds - 1) + validation[0]
        training = everyone - test - validation[1]
        found.append({"training": training, "validation": validation[1], "test": test})
    return uneven, found


def _test_sites(table: _SiteTable, folds: int, rng: np.random.Generator) -> list[set[int]]:
    """Large sites first, each to the fold where the classes stay most even."""
    order = rng.permutation(len(table.names))
    order = order[np.argsort(-table.sizes[order], kind="stable")]
    counts = np.zeros((folds, table.patients.shape[1]))
    chosen: list[set[int]] = [set() for _ in range(folds)]
    everyone = np.maximum(1, table.patients.sum(axis=0))
    for site in order:
        spread = []
        for fold in range(folds):
            counts[fold] += table.patients[site]
            spread.append(float((counts / everyone).std(axis=0).sum()))
            counts[fold] -= table.patients[site]
        ties = np.flatnonzero(np.array(spread) <= min(spread) + 1e-12)
        fold = int(rng.choice(ties))
        counts[fold] += table.patients[site]
        chosen[fold].add(int(site))
    return chosen


def _validation_sites(
    table: _SiteTable, rest: list[int], rng: np.random.Generator, fraction: float
) -> tuple[float, set[int]] | None:
    """Sites near the wanted number of patients with two classes, every class left to train on.

    The first sites of many random orders are looked at, each number of them.
    """
    tries = rng.permuted(np.tile(rest, (_TRIES, 1)), axis=1)
    counts, sizes = table.patients[tries].cumsum(axis=1), table.sizes[tries].cumsum(axis=1)
    everyone, total = counts[:, -1:], int(sizes[0, -1])
    wanted = max(MIN_VALIDATION_PATIENTS, round(fraction * total))
    will_do = (sizes >= MIN_VALIDATION_PATIENTS) & ((counts > 0).sum(axis=2) >= 2)
    will_do &= (everyone - counts > 0).all(axis=2)
    if not will_do.any():
        return None
    shares = counts / counts.sum(axis=2, keepdims=True)
    deviation = np.abs(shares - table.patients.sum(axis=0) / table.patients.sum()).sum(axis=2)
    uneven = np.where(will_do, np.abs(sizes - wanted) / total + 0.2 * deviation, np.inf)
    best, last = np.unravel_index(int(uneven.argmin()), uneven.shape)
    return float(uneven[best, last]), {int(site) for site in tries[best, : last + 1]}


def _split(
    cohort: Cohort,
    sites: Mapping[str, str],
    table: _SiteTable,
    parts: Mapping[str, set[int]],
    name: str,
    settings: dict[str, object],
) -> Split:
    of_part = {part: {table.names[k] for k in chosen} for part, chosen in parts.items()}
    training, validation, test = (
        tuple(i.slide for i in cohort.slides if sites[i.slide] in of_part[part]) for part in PARTS
    )
    named = {part: sorted(chosen) for part, chosen in of_part.items()}
    return Split(name, training, validation, test, {**settings, "sites": named})
