"""From a table and a folder of features to datalists: the ``split`` command."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from monai_ext.data.cohort import Cohort, read_cohort
from monai_ext.data.datalist import write_datalist
from monai_ext.data.feature_check import CheckedFeatures, check_features
from monai_ext.data.feature_folder import FeatureFolder
from monai_ext.data.few_shot import few_shot_splits
from monai_ext.data.given_splits import given_splits
from monai_ext.data.site_splits import require_whole_sites, site_fold_splits
from monai_ext.data.sites import count_sites, slide_sites, write_site_counts
from monai_ext.data.split_parts import Split
from monai_ext.data.splits import fold_splits
from monai_ext.errors import SettingError


def make_splits(
    cohort: Cohort,
    *,
    folds: int | None = None,
    shots: Sequence[int] | int | None = None,
    draws: int | None = None,
    train_patients: int | None = None,
    from_table: Path | str | None = None,
    seed: int = 0,
    validation_patients: int = 0,
) -> list[Split]:
    """Split a cohort in exactly one of three ways.

    Args:
        cohort: the labelled slides.
        folds: cross-validation, see ``fold_splits``.
        shots: few-shot, with ``draws`` and ``train_patients``, see ``few_shot_splits``.
        draws: how many draws.
        train_patients: patients set aside in each draw.
        from_table: a CSV of splits, see ``given_splits``.
        seed: of all that is drawn.
        validation_patients: of few-shot draws, to tune on; 0 makes draws without validation.

    Raises:
        SettingError: if not exactly one way is chosen, or few-shot lacks a number.
        CohortError: if the cohort does not allow it.
    """
    chosen = [
        name for name, value in (("folds", folds), ("shots", shots), ("from", from_table)) if value
    ]
    if len(chosen) != 1:
        raise SettingError(
            f"splits by {' and '.join(chosen) or 'nothing'}",
            "a cohort is split in one way",
            "give one of --folds 5, --shots 1,2,4, --from splits.csv",
        )
    shots = [shots] if isinstance(shots, int) else shots
    if from_table:
        return given_splits(from_table, cohort, seed=seed)
    if folds:
        return fold_splits(cohort, folds=folds, seed=seed)
    if not draws or not train_patients or not shots:
        raise SettingError(
            f"shots={shots}, draws={draws}, train_patients={train_patients}",
            "few-shot splits need all three",
            "--shots 1,2,4 --draws 20 --train_patients 8",
        )
    return few_shot_splits(
        cohort,
        shots=shots,
        draws=draws,
        train_patients=train_patients,
        seed=seed,
        validation_patients=validation_patients,
    )


def make_site_splits(
    cohort: Cohort,
    sites: Mapping[str, str],
    *,
    folds: int | None = None,
    from_table: Path | str | None = None,
    seed: int = 0,
    **how: object,
) -> list[Split]:
    """Split a cohort so that all patients of a site are in one part.

    Args:
        cohort: the labelled slides.
        sites: of each slide, see ``slide_sites``.
        folds: see ``site_fold_splits``.
        from_table: a CSV of splits; refused where it tears a site apart.
        seed: of all that is drawn.
        **how: other arguments of ``make_splits``.

    Raises:
        SettingError: for few-shot draws, which do not keep sites whole.
        CohortError: if the cohort or the table does not allow it.
    """
    if folds and not from_table and not how.get("shots"):
        return site_fold_splits(cohort, sites, folds=folds, seed=seed)
    if how.get("shots"):
        raise SettingError(
            "few-shot draws with --group",
            "sites are kept whole in folds",
            "--folds 5, or --from splits.csv, or leave out --group",
        )
    given = make_splits(cohort, folds=folds, from_table=from_table, seed=seed)
    return [require_whole_sites(each, sites) for each in given]


def features_of_cohort(cohort: Cohort, folder: FeatureFolder) -> tuple[Cohort, CheckedFeatures]:
    """Match a cohort with its features; slides without tissue leave it, with a warning.

    Raises:
        CohortError: with the full list of files that are missing, damaged or of other features.
    """
    checked = check_features(folder, [item.slide for item in cohort.slides])
    if checked.without_tissue:
        logging.getLogger(__name__).warning(
            "%d slides without tissue are in no part: %s",
            len(checked.without_tissue),
            ", ".join(checked.without_tissue),
        )
    return cohort.without(checked.without_tissue), checked


def write_splits(
    output: Path | str,
    cohort_csv: Path | str,
    folder: FeatureFolder,
    *,
    class_names: Sequence[str] | str | None = None,
    group: str = "",
    **how: object,
) -> list[Path]:
    """Read the table, check the features, split, and write a datalist a split.

    With a group, ``sites.csv`` beside the splits says how many patients of each class a site has,
    and a site that predicts the label is warned of.

    Args:
        output: folder of the datalists, ``fold0.json`` and so on.
        cohort_csv: see ``read_cohort``.
        folder: see ``find_features``.
        class_names: see ``read_cohort``.
        group: column of sites that are kept whole, e.g. ``"site"``, see ``slide_sites``.
        **how: the arguments of ``make_splits``.

    Returns:
        The files, in order.
    """
    cohort = read_cohort(cohort_csv, class_names=class_names)
    cohort, features = features_of_cohort(cohort, folder)
    if group:
        sites = slide_sites(cohort, group)
        splits = make_site_splits(cohort, sites, **how)  # type: ignore[arg-type]
        write_site_counts(Path(output) / "sites.csv", count_sites(cohort, sites))
    else:
        splits = make_splits(cohort, **how)  # type: ignore[arg-type]
    return [
        write_datalist(Path(output) / f"{split.name}.json", split, cohort, features)
        for split in splits
    ]
