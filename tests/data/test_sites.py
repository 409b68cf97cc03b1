"""Sites of slides, and whether they give labels away."""

import csv
import logging

import numpy as np
import pytest

from monai_ext.data import Cohort, CohortSlide
from monai_ext.data.sites import count_sites, slide_sites, write_site_counts
from monai_ext.errors import CohortError


def _cohort(rows, column="site"):
    """Rows of slide, patient, label, site."""
    slides = tuple(
        CohortSlide(slide, patient, label, None, {column: site} if column else {})
        for slide, patient, label, site in rows
    )
    return Cohort(slides, ("a", "b"), "c.csv")


def _even(pairs):
    """One slide a patient; pairs of (site, label)."""
    return _cohort([(f"s{k}", f"p{k}", label, site) for k, (site, label) in enumerate(pairs)])


def test_column_gives_the_site_and_may_have_another_name():
    rows = [("s0", "TCGA-A1-0001", "a", "X"), ("s1", "q", "b", "Y")]
    assert slide_sites(_cohort(rows)) == {"s0": "X", "s1": "Y"}
    assert slide_sites(_cohort(rows, "hospital"), "hospital") == {"s0": "X", "s1": "Y"}


def test_barcode_of_patient_or_slide_gives_the_tissue_source_site():
    rows = [
        ("x", "TCGA-A2-A0CM", "a", ""),
        ("TCGA-bh-A18V-01Z-00-DX1", "p", "b", ""),
        ("TCGA-E9-A1NI-01Z", "TCGA-E9-A1NI", "b", ""),
    ]
    assert list(slide_sites(_cohort(rows, None)).values()) == ["A2", "BH", "E9"]


@pytest.mark.parametrize(
    ("rows", "column", "message"),
    [
        ([("s0", "p0", "a", "")], None, r"1 slides lack a TCGA barcode, and .*'site': s0\."),
        (
            [(f"s{k}", f"p{k}", "a", "") for k in range(9)],
            "site",
            r"9 slides lack a site: s0, s1, s2 \.\.\.",
        ),
        ([("s0", "p", "a", "X"), ("s1", "p", "a", "Y")], "site", r"several sites: p \(X, Y\)"),
    ],
)
def test_missing_and_torn_sites_are_refused_in_one_line(rows, column, message):
    with pytest.raises(CohortError, match=message) as error:
        slide_sites(_cohort(rows, column))
    assert "\n" not in str(error.value)


def test_other_column_is_never_a_barcode():
    with pytest.raises(CohortError, match="1 slides lack a hospital"):
        slide_sites(_cohort([("s0", "TCGA-A2-A0CM", "a", "")], None), "hospital")


def test_patients_are_counted_once_a_class_and_slides_all():
    rows = [
        ("s0", "p0", "a", "X"),
        ("s1", "p0", "a", "X"),
        ("s2", "p0", "b", "X"),
        ("s3", "p1", "b", "Y"),
    ]
    cohort = _cohort(rows)
    counts = count_sites(cohort, slide_sites(cohort), permutations=10)
    assert counts.sites == ("X", "Y")
    assert counts.patients.tolist() == [[1, 1], [0, 1]]
    assert counts.slides == (3, 1)
    np.testing.assert_allclose(counts.right_by_site, 2 / 3)


def test_site_that_predicts_the_label_is_warned_of():
    pairs = [("X", "a")] * 10 + [("Y", "b")] * 9 + [("Y", "a")] + [("Z", "b")] * 3
    cohort = _even(pairs)
    counts = count_sites(cohort, slide_sites(cohort))
    first, *others = counts.warnings()
    assert "right for 96% of patients" in first
    assert counts.p < 0.01
    assert others == ["all 10 patients of site 'X' are 'a'"]


def test_even_sites_are_not_warned_of():
    cohort = _even([(site, label) for site in "XYZ" for label in "ab" * 5])
    assert count_sites(cohort, slide_sites(cohort)).warnings() == []


def test_sites_by_chance_are_warned_of_rarely():
    warned = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        cohort = _even([(f"site{rng.integers(6)}", "ab"[rng.integers(2)]) for _ in range(40)])
        found = count_sites(cohort, slide_sites(cohort), permutations=200).warnings()
        warned += any("predicts the label" in line for line in found)
    assert warned / 200 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


def test_counts_are_written_and_warnings_logged(tmp_path, caplog):
    cohort = _even([("X", "a")] * 8 + [("Y", "b")] * 8)
    with caplog.at_level(logging.WARNING):
        write_site_counts(tmp_path / "sites.csv", count_sites(cohort, slide_sites(cohort)))
    with (tmp_path / "sites.csv").open(newline="") as stream:
        assert list(csv.reader(stream)) == [
            ["site", "slides", "patients a", "patients b"],
            ["X", "8", "8", "0"],
            ["Y", "8", "0", "8"],
        ]
    assert "the site predicts the label" in caplog.text
    assert "all 8 patients of site 'Y' are 'b'" in caplog.text
