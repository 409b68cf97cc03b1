"""Run a bundle in this process: what ``python -m monai.bundle run`` does, without a new start."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import monai_ext
from monai_ext.errors import SettingError
from monai_ext.export.config_ids import require_ids
from monai_ext.trust import is_trusting, require_safe

TRAIN, EVALUATE, INFERENCE = "train.json", "evaluate.json", "inference.json"


def find_bundle(bundle: Path | str) -> Path:
    """Folder of a bundle, by path or by its name under ``bundles/`` of the project.

    Raises:
        SettingError: if there is none; names those that there are.
    """
    shelf = Path(monai_ext.__file__).resolve().parents[1] / "bundles"
    places = [Path(str(bundle)), Path("bundles") / str(bundle), shelf / str(bundle)]
    for place in places:
        if (place / "configs" / "metadata.json").is_file():
            return place
    known = sorted(path.parents[1].name for path in shelf.glob("*/configs/metadata.json"))
    raise SettingError(
        f"no bundle {bundle!s} found",
        "a bundle is a folder with configs/metadata.json",
        f"give its path or one of {', '.join(known) or 'bundles/'}",
    )


def require_known_ids(bundle: Path | str, ids: Iterable[str]) -> None:
    """Refuse config ids that a bundle's training does not have: MONAI would ignore them.

    Raises:
        SettingError: names the ids, and those that look like them.
    """
    folder = find_bundle(bundle)
    known: dict[str, object] = {}
    for name in (TRAIN, EVALUATE):
        path = folder / "configs" / name
        if path.is_file():
            known |= json.loads(path.read_text(encoding="utf-8"))
    rule = "a setting is an id of the bundle's configs/train.json"
    require_ids(ids, known, folder.name, rule, f"look into {folder / 'configs'}")


def run_bundle(
    bundle: Path | str,
    configs: Sequence[str],
    *,
    workflow_type: str,
    **overrides: Any,
) -> None:
    """Initialise, run and finalise a bundle with overridden config ids.

    Args:
        bundle: folder or name.
        configs: files of its ``configs`` folder, later ones override earlier ones.
        workflow_type: ``"train"`` or ``"infer"``.
        overrides: config ids and their values; nested ids with ``#`` or ``::``.

    Raises:
        SystemExit: with one plain line where the bundle ends so.
        TrustError: see :func:`run_config`.
    """
    folder = find_bundle(bundle)
    files = [folder / "configs" / name for name in configs]
    run_config(files, workflow_type=workflow_type, **{"bundle_root": str(folder), **overrides})


def run_config(files: Sequence[Path], *, workflow_type: str, **overrides: Any) -> None:
    """Initialise, run and finalise config files; see ``run_bundle``.

    Raises:
        TrustError: if they would do more than :func:`monai_ext.trust.require_safe` allows.
    """
    from monai.bundle import ConfigWorkflow

    require_safe(files, overrides)
    for name in ("monai.bundle", "monai.bundle.workflows", "monai.bundle.config_parser"):
        logging.getLogger(name).setLevel(logging.ERROR)

    class PlainWorkflow(ConfigWorkflow):
        """MONAI's own puts the bundle's folder on the search path, where its files hide others."""

        def run(self) -> Any:
            """Run as MONAI does, with the path as it is."""
            return self._run_expr(id=self.run_id)

    workflow = (ConfigWorkflow if is_trusting() else PlainWorkflow)(
        config_file=[str(path) for path in files],
        workflow_type=workflow_type,
        logging_file=False,
        **overrides,
    )
    workflow.initialize()
    workflow.run()
    workflow.finalize()
