"""How much a result depends on which texts were written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from monai_ext.atomic import make_folder, write_atomically
from monai_ext.errors import SettingError
from monai_ext.experiments.crossval import cross_validate
from monai_ext.experiments.crossval_report import slide_metrics
from monai_ext.experiments.results_table import results_table
from monai_ext.experiments.text_control_table import BUNDLE

_SHOWN = ("auc", "balanced_accuracy")


def prompt_robustness(
    splits: Path | str,
    texts: Sequence[Path | str],
    output: Path | str,
    *,
    bundle: Path | str = BUNDLE,
    overrides: Mapping[str, Any] | None = None,
) -> str:
    """Cross-validate with each file of embedded texts on the same splits.

    Args:
        splits: folder of datalists.
        texts: two or more files, e.g. of other authors, wordings or text encoders.
        output: gets a folder a file, named after it.
        bundle: name or folder.
        overrides: config ids of the bundle.

    Returns:
        A table of means over splits, and the range over files; also ``prompts.md``.

    Raises:
        SettingError: for fewer than two files, or two of one name.
    """
    names = [Path(str(path)).stem for path in texts]
    if len(names) < 2 or len(set(names)) < len(names):
        raise SettingError(
            f"texts {names}", "two or more files of different names are compared", "--texts a,b"
        )
    output, found = make_folder(output), {}
    for name, path in zip(names, texts, strict=True):
        values = {**(overrides or {}), "text": str(path)}
        results = cross_validate(bundle, splits, output / name, baseline_c=None, overrides=values)
        each = [slide_metrics(result.bundle) for result in results]
        found[name] = {metric: mean(row[metric] for row in each) for metric in _SHOWN}
    spread = {m: [row[m] for row in found.values()] for m in _SHOWN}
    found["range over texts"] = {m: max(v) - min(v) for m, v in spread.items()}
    with write_atomically(output / "prompts.md") as partial:
        partial.write_text(results_table(found, style="markdown") + "\n", encoding="utf-8")
    return results_table(found)
