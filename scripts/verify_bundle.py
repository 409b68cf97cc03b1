"""Check bundles as MONAI's Model Zoo does, offline, and print a table.

    python scripts/verify_bundle.py                                     # all in bundles/
    python scripts/verify_bundle.py bundles/pathology_m2otca_classification
    python scripts/verify_bundle.py --checks "metadata,two processes"

It runs the bundles: look into one of somebody else with ``python -m monai_ext inspect`` first.
Ends with 1 if a check failed. See ``monai_ext.testing.zoo.verify.CHECKS`` for what is looked at.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from pathlib import Path

import fire
from tqdm import tqdm

from monai_ext.errors import MonaiExtError, SettingError
from monai_ext.experiments.bundle_run import find_bundle
from monai_ext.testing.zoo.outcome import outcome_table
from monai_ext.testing.zoo.verify import CHECKS, verify_bundles


def verify(*bundles: str, checks: str | tuple[str, ...] = (), keep: str = "") -> None:
    """Check bundles and print what was found.

    Args:
        bundles: folders or names; none: all folders of ``bundles/`` that have metadata.
        checks: names with commas; empty: all.
        keep: folder in which what the trials write is kept; empty: none.
    """
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    listed = checks.split(",") if isinstance(checks, str) and checks else checks
    names = [str(name).strip() for name in listed]
    try:
        if unknown := [name for name in names if name not in CHECKS]:
            raise SettingError(f"--checks {', '.join(unknown)}", ", ".join(CHECKS), "mend it")
        shelf = sorted(path.parents[1] for path in Path("bundles").glob("*/configs/metadata.json"))
        chosen = [find_bundle(str(bundle)) for bundle in bundles] or shelf
        if not chosen:
            raise SettingError("no bundles/*/configs/metadata.json here", "one at least", "name it")
    except MonaiExtError as error:
        raise SystemExit(str(error)) from None
    with tempfile.TemporaryDirectory() as name:
        work = Path(str(keep or name))
        outcomes = []
        with tqdm(total=len(chosen) * len(names or CHECKS), unit="check") as bar:
            for outcome in verify_bundles(chosen, work, names, bar.set_postfix_str):
                outcomes.append(outcome)
                bar.update()
    print(outcome_table(outcomes))
    if any(outcome.state == "FAILED" for outcome in outcomes):
        raise SystemExit(1)


if __name__ == "__main__":
    fire.Fire(verify)
