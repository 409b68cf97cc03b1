"""Which site (hospital, scanner) each slide is from, and whether sites give labels away."""

from __future__ import annotations

import csv
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monai_ext.atomic import write_atomically
from monai_ext.data.cohort import Cohort, CohortSlide
from monai_ext.errors import CohortError

SITE = "site"
_BARCODE = re.compile(r"TCGA-([A-Z0-9]{2})-[A-Z0-9]{4}", re.IGNORECASE)
_MANY_PATIENTS = 5
_SHOWN = 3


def slide_sites(cohort: Cohort, column: str = SITE) -> dict[str, str]:
    """The site of each slide.

    Args:
        cohort: the table.
        column: that names the site. Where the table has no column ``site``, the tissue source
            site of TCGA barcodes is taken: the second field of TCGA-XX-YYYY, of patient or slide.

    Returns:
        By slide.

    Raises:
        CohortError: if a slide has no site, or a patient has two.
    """
    has_column = any(column in item.other for item in cohort.slides)
    from_barcode = not has_column and column == SITE
    sites = {
        item.slide: _of_barcode(item) if from_barcode else item.other.get(column, "")
        for item in cohort.slides
    }
    without = [slide for slide, site in sites.items() if not site]
    if without:
        what = "a TCGA barcode, and there is no column 'site'" if from_barcode else f"a {column}"
        raise CohortError(
            f"{cohort.source}: {len(without)} slides lack {what}: {_some(without)}",
            "every slide has a site",
            f"add a column {column}, or leave out --group",
        )
    _require_one_site_a_patient(cohort, sites)
    return sites


@dataclass(frozen=True)
class SiteCounts:
    """Patients of each class at each site.

    Attributes:
        sites: names, sorted.
        class_names: of the cohort.
        patients: [sites, classes]; a patient with slides of two classes counts in both.
        slides: of each site.
        right_by_site: share of patients that are right if each site says its commonest class.
        right_by_chance: the same with labels permuted over patients, on average.
        p: share of permutations that are as right as the sites.
    """

    sites: tuple[str, ...]
    class_names: tuple[str, ...]
    patients: NDArray[np.int64]
    slides: tuple[int, ...]
    right_by_site: float
    right_by_chance: float
    p: float

    def warnings(self) -> list[str]:
        """Where a site predicts the label; empty where it does not."""
        found = []
        if self.p < 0.05:
            found.append(
                f"the site predicts the label: saying each site's commonest class is right for "
                f"{self.right_by_site:.0%} of patients, {self.right_by_chance:.0%} by chance "
                f"(p = {self.p:.3f}); a method may learn the site instead of the disease"
            )
        for site, counts in zip(self.sites, self.patients, strict=True):
            if counts.sum() >= _MANY_PATIENTS and counts.max() == counts.sum():
                label = self.class_names[int(counts.argmax())]
                found.append(f"all {counts.sum()} patients of site {site!r} are {label!r}")
        return found


def count_sites(
    cohort: Cohort, sites: Mapping[str, str], *, permutations: int = 1000, seed: int = 0
) -> SiteCounts:
    """Count patients of each class at each site, and test whether sites predict labels.

    Args:
        cohort: the table.
        sites: of each slide.
        permutations: of labels over patients.
        seed: of the permutations.
    """
    names = tuple(sorted(set(sites.values())))
    pairs = sorted(
        {(item.patient, sites[item.slide], cohort.label_index(item)) for item in cohort.slides}
    )
    place = np.array([names.index(site) for _, site, _ in pairs])
    labels = np.array([label for *_, label in pairs])
    table = _table(place, labels, (len(names), len(cohort.class_names)))
    draw = np.random.default_rng(seed)
    permuted = np.array(
        [_right(_table(place, draw.permutation(labels), table.shape)) for _ in range(permutations)]
    )
    right = _right(table)
    p = (1 + int((permuted >= right - 1e-12).sum())) / (1 + permutations)
    slides = tuple(sum(site == name for site in sites.values()) for name in names)
    return SiteCounts(names, cohort.class_names, table, slides, right, float(permuted.mean()), p)


def write_site_counts(path: Path | str, counts: SiteCounts) -> None:
    """Write ``sites.csv`` (site, slides, patients of each class), and warn in the log."""
    with write_atomically(path) as partial, partial.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["site", "slides", *(f"patients {name}" for name in counts.class_names)])
        for site, slides, row in zip(counts.sites, counts.slides, counts.patients, strict=True):
            writer.writerow([site, slides, *row.tolist()])
    for line in counts.warnings():
        logging.getLogger(__name__).warning("%s", line)


def _of_barcode(item: CohortSlide) -> str:
    found = _BARCODE.match(item.patient) or _BARCODE.match(item.slide)
    return found.group(1).upper() if found else ""


def _require_one_site_a_patient(cohort: Cohort, sites: Mapping[str, str]) -> None:
    found: dict[str, set[str]] = {}
    for item in cohort.slides:
        found.setdefault(item.patient, set()).add(sites[item.slide])
    several = [f"{name} ({', '.join(sorted(s))})" for name, s in found.items() if len(s) > 1]
    if several:
        raise CohortError(
            f"{cohort.source}: {len(several)} patients have slides of several sites: "
            + _some(several),
            "a patient is of one site, so that neither is split",
            "give such sites one name, or leave out --group",
        )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")


def _table(
    place: NDArray[np.int64], labels: NDArray[np.int64], shape: tuple[int, ...]
) -> NDArray[np.int64]:
    flat = np.bincount(place * shape[1] + labels, minlength=shape[0] * shape[1])
    return flat.reshape(shape)


def _right(table: NDArray[np.int64]) -> float:
    return float(table.max(axis=1).sum() / table.sum())
