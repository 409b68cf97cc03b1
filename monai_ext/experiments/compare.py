"""The ``compare`` command: experiments on the same splits, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from monai_ext.atomic import make_folder
from monai_ext.errors import SettingError
from monai_ext.experiments.comparison import METRICS, Resampling, compare_methods, single_rows
from monai_ext.experiments.comparison_figure import draw_comparison
from monai_ext.experiments.comparison_tables import Comparison, write_tables
from monai_ext.experiments.experiment_folder import Experiment, experiment_names, read_experiment
from monai_ext.experiments.same_splits import require_same_splits
from monai_ext.experiments.shuffled_labels import Chance, chance

BASELINE_NAME = "mean pool + logistic"
_PERMUTATIONS = 1000


def compare(
    experiments: Sequence[Path],
    output: Path | str,
    *,
    reference: str = "",
    has_baseline: bool = True,
    shuffled: Path | None = None,
    seed: int = 0,
    permutations: int = _PERMUTATIONS,
) -> str:
    """Compare experiments and write tables and a figure.

    Args:
        experiments: folders that ``crossval`` wrote, on the same splits.
        output: folder for ``compare.md``, ``.csv``, ``.json``, ``.png`` and ``runs.csv``.
        reference: name of the experiment (its folder's) or of the baseline that others are
            compared with; the first experiment if empty.
        has_baseline: take the mean-pool baseline of the first experiment that has one as a method.
        shuffled: an experiment trained on shuffled labels, shown beside.
        seed: of bootstrap and permutations.
        permutations: of labels.

    Returns:
        The Markdown.

    Raises:
        SettingError: if there is nothing to compare, experiments differ in their splits, or the
            reference is none of them.
        CohortError: if predictions are not sound.
    """
    found = _read(experiments)
    require_same_splits(found[0], found[1:])
    methods = {each.name: each.tables for each in found}
    baselines = next((each.baselines for each in found if each.baselines), None)
    if has_baseline and baselines:
        methods[BASELINE_NAME] = baselines
    reference = _reference(reference, list(methods))
    parts, resampling = found[0].parts, Resampling(seed)
    other = None if shuffled is None else read_experiment(shuffled, "trained on shuffled labels")
    tables = methods[reference]
    by_shots: dict[int | None, dict[str, Chance]] = {}
    for shots in dict.fromkeys(part.shots for part in parts.values()):
        group = [tables[name] for name, part in parts.items() if part.shots == shots]
        by_shots[shots] = chance(group, METRICS, permutations=permutations, seed=seed)
    result = Comparison(
        reference,
        compare_methods(methods, parts, reference=reference, resampling=resampling),
        by_shots,
        single_rows(other.name, other.tables, other.parts, resampling) if other else [],
        parts,
        _counts(found[0]),
        {each.name: str(each.folder) for each in found},
    )
    output = make_folder(output)
    text = write_tables(result, output)
    draw_comparison(result, output / "compare.png")
    return f"{text}\n{output / 'compare.md'}, compare.csv, compare.json, runs.csv, compare.png"


def _read(folders: Sequence[Path]) -> list[Experiment]:
    if not folders:
        raise SettingError(
            "no experiment given", "compare reads folders of crossval", "compare EXP_A EXP_B"
        )
    names = experiment_names(folders)
    return [read_experiment(folder, name) for folder, name in zip(folders, names, strict=True)]


def _reference(name: str, methods: Sequence[str]) -> str:
    if len(methods) < 2:
        raise SettingError(
            f"{methods[0]} is the only method",
            "two methods are compared, or one with its baseline",
            "give another experiment, or run crossval with its baseline",
        )
    if name and name not in methods:
        raise SettingError(
            f"--reference {name}",
            f"the reference is one of {', '.join(methods)}",
            "give the name of an experiment's folder",
        )
    return name or methods[0]


def _counts(experiment: Experiment) -> tuple[int, int]:
    rows = [row for table in experiment.tables.values() for row in table.rows]
    return len({row.patient or row.slide for row in rows}), len({row.slide for row in rows})
