"""The ``crossval`` command: train what is mine, and report where nothing is missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from monai_ext.data import load_datalist
from monai_ext.errors import SettingError
from monai_ext.experiments.crossval import FoldResult, cross_validate, finished_splits
from monai_ext.experiments.crossval_record import folder_lock, read_parts, split_parts
from monai_ext.experiments.crossval_report import write_report
from monai_ext.experiments.shard import Shard
from monai_ext.experiments.split_files import split_files
from monai_ext.experiments.tuned_settings import read_settings


def run_crossval(
    bundle: str | Path,
    splits: str | Path,
    output: str | Path,
    *,
    baseline_c: float | None,
    seed: int,
    overrides: dict[str, Any] | None = None,
    settings: Path | None = None,
    shard: Shard | None = None,
) -> str:
    """Do a share of an experiment's splits; the process that does the last of them reports.

    Args:
        bundle: see ``cross_validate``.
        splits: see ``cross_validate``.
        output: see ``cross_validate``.
        baseline_c: see ``cross_validate``.
        seed: of the bootstrap.
        overrides: see ``cross_validate``.
        settings: ``best.json`` of ``tune``.
        shard: which splits to do; all where ``None``.

    Returns:
        The report; of a shard that is not the last, a line that says which splits are missing.

    Raises:
        SettingError: if all splits were asked for and another process is still at some.
    """
    results = cross_validate(
        bundle,
        splits,
        output,
        baseline_c=baseline_c,
        overrides=overrides,
        tuned=None if settings is None else read_settings(settings),
        shard=shard,
    )
    files = split_files(splits)
    found = _missing(results, files, Path(output))
    if found and shard is not None:
        return f"{found}. The shard that does the last of them writes the report."
    return _report(results, files, Path(output), Path(bundle).name, seed)


def report_crossval(
    bundle: str | Path,
    splits: str | Path,
    output: str | Path,
    *,
    baseline_c: float | None,
    seed: int,
) -> str:
    """Write the report of splits that are done, and train nothing. Arguments as above.

    Raises:
        SettingError: if a split is missing, or the folder is an experiment on other splits.
    """
    files, output = split_files(splits), Path(output)
    results = _recorded_results(files, output, baseline_c)
    return _report(results, files, output, Path(bundle).name, seed)


def _recorded_results(
    files: list[Path], output: Path, baseline_c: float | None
) -> list[FoldResult]:
    lists = {path.stem: load_datalist(path) for path in files}
    if read_parts(output) != {name: split_parts(each) for name, each in lists.items()}:
        raise SettingError(
            f"{output} holds an experiment on other splits than {files[0].parent}",
            "a report is of the splits that were run",
            "give the --splits of that experiment",
        )
    return finished_splits(lists, output, baseline_c=baseline_c)


def _missing(results: Sequence[FoldResult], files: Sequence[Path], output: Path) -> str:
    done = {result.name for result in results}
    missing = [path.stem for path in files if path.stem not in done]
    if not missing:
        return ""
    return f"{len(done)} of {len(files)} splits in {output} are done; missing: {', '.join(missing)}"


def _report(
    results: Sequence[FoldResult], files: Sequence[Path], output: Path, name: str, seed: int
) -> str:
    if found := _missing(results, files, output):
        raise SettingError(
            found,
            "a report needs every split",
            "wait for the processes that are at them, or run crossval again without --shard",
        )
    with folder_lock(output, "report"):
        return write_report(results, output, name, seed=seed)
