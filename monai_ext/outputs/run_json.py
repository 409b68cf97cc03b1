"""`RUN/run.json`: what a trained model is and came from; `predict` reads only the run folder."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from monai_ext.atomic import write_atomically
from monai_ext.errors import SettingError

RUN_FILE = "run.json"
_DISTRIBUTIONS = ("monai-ext", "monai", "torch", "numpy")


def library_versions() -> dict[str, str]:
    """Versions of Python, our distribution, MONAI, torch and numpy, where installed."""
    found = {"python": platform.python_version()}
    for name in _DISTRIBUTIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@dataclass(frozen=True)
class RunRecord:
    """Content of `run.json`.

    Attributes:
        bundle: name of the bundle.
        bundle_version: its version, from `metadata.json`.
        class_names: in label order.
        grid: the grid request (``GridSpec.request()``), empty if features came from elsewhere.
        encoder_id: patch encoder of the features.
        weight_hash: of its weights.
        split_hash: of the datalist.
        seed: of the run.
        versions: of Python and the libraries; filled in when left out.
        extra: anything else, e.g. the method's settings.
    """

    bundle: str
    bundle_version: str
    class_names: tuple[str, ...]
    grid: dict[str, Any]
    encoder_id: str | None
    weight_hash: str | None
    split_hash: str | None
    seed: int | None
    versions: dict[str, str] = field(default_factory=library_versions)
    extra: dict[str, Any] = field(default_factory=dict)


def write_run_json(run: Path | str, record: RunRecord) -> Path:
    """Write the record into the run folder; gives the file's path."""
    path = Path(run) / RUN_FILE
    with write_atomically(path) as partial:
        partial.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
    return path


def read_run_json(run: Path | str) -> RunRecord:
    """Read the record of a run folder; keys of later versions are ignored.

    Raises:
        SettingError: if the file is missing, no JSON, or lacks a key.
    """
    path = Path(run) / RUN_FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingError(
            f"{path} cannot be read ({error})",
            f"a run folder holds {RUN_FILE}",
            "give the folder that training wrote",
        ) from error
    known = {item.name for item in fields(RunRecord)}
    missing = sorted(known - {"versions", "extra"} - set(found))
    if missing:
        raise SettingError(
            f"{path} lacks {', '.join(missing)}",
            f"{RUN_FILE} holds all of a run's facts",
            "train again or fill them in",
        )
    values: dict[str, Any] = {name: value for name, value in found.items() if name in known}
    values["class_names"] = tuple(values["class_names"])
    return RunRecord(**values)
