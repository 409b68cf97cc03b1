"""What an experiment's folder says of itself: settings, splits, who is in which part."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from monai_ext.atomic import make_folder, write_atomically
from monai_ext.data import Datalist
from monai_ext.errors import SettingError
from monai_ext.hashing import json_hash

SETTINGS, SPLITS = "crossval.json", "splits.json"


@dataclass(frozen=True)
class SplitParts:
    """One split by its patients.

    Attributes:
        split_hash: of slides, patients and labels in each part.
        training: patients learnt from, sorted.
        validation: patients that chose the checkpoint, sorted; may be empty.
        test: patients tested on, sorted.
        shots: slides a class of a few-shot draw, else None.
    """

    split_hash: str
    training: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    shots: int | None = None


def split_parts(datalist: Datalist) -> SplitParts:
    """The patients of a datalist's parts."""
    shots = datalist.other.get("settings", {}).get("shots")
    return SplitParts(
        datalist.split_hash,
        _patients(datalist.training),
        _patients(datalist.validation),
        _patients(datalist.test),
        shots if isinstance(shots, int) else None,
    )


def record_experiment(
    output: Path, settings: Mapping[str, Any], parts: Mapping[str, SplitParts]
) -> None:
    """Write ``crossval.json`` and ``splits.json``, or see that they say the same already.

    Args:
        output: folder of the experiment.
        settings: what makes it this experiment and no other, apart from the splits.
        parts: of each split, by name.

    Raises:
        SettingError: if ``output`` holds an experiment with other settings or splits.
    """
    wanted = {**settings, "splits": {name: part.split_hash for name, part in parts.items()}}
    with folder_lock(output):
        _same_or_write(output / SETTINGS, wanted)
        if not (output / SPLITS).exists():
            _write(output / SPLITS, {name: asdict(part) for name, part in parts.items()})


def record_settings(path: Path, wanted: Mapping[str, Any]) -> None:
    """Write a record of settings, or see that it says the same already.

    Raises:
        SettingError: if it says something else; names the keys that differ.
    """
    with folder_lock(path.parent):
        _same_or_write(path, wanted)


def read_parts(folder: Path) -> dict[str, SplitParts]:
    """The parts of each split of an experiment.

    Raises:
        SettingError: if the folder is no experiment, or one from before they were written.
    """
    missing = [name for name in (SETTINGS, SPLITS) if not (folder / name).is_file()]
    if missing:
        raise SettingError(
            f"{folder} has no {' and no '.join(missing)}",
            "an experiment is a folder that crossval wrote",
            "give the --output of a crossval; of an older one, run the same command once more: "
            "finished splits are not redone",
        )
    found = json.loads((folder / SPLITS).read_text(encoding="utf-8"))
    return {
        name: SplitParts(
            part["split_hash"],
            tuple(part["training"]),
            tuple(part["validation"]),
            tuple(part["test"]),
            part["shots"],
        )
        for name, part in found.items()
    }


@contextlib.contextmanager
def folder_lock(folder: Path, name: str = "record") -> Iterator[None]:
    """Wait for, and hold, a lock of an experiment's folder; it falls when the process ends."""
    with _lock_file(folder, name).open("a") as stream:
        _lock(stream, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def claim(folder: Path, name: str) -> Iterator[bool]:
    """Try to claim a split; False where another process holds it."""
    with _lock_file(folder, name).open("a") as stream:
        yield _lock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _patients(items: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(sorted({str(item["patient"]) for item in items}))


def _lock(stream: IO[str], how: int) -> bool:
    """Lock a file; False where another process has it. Without locks shards are still apart."""
    try:
        fcntl.flock(stream, how)
    except BlockingIOError:
        return False
    except OSError as error:
        logging.getLogger(__name__).warning(
            "%s cannot be locked (%s): start no split twice", stream.name, error.strerror
        )
    return True


def _lock_file(folder: Path, name: str) -> Path:
    return make_folder(folder / ".locks") / f"{name}.lock"


def _same_or_write(path: Path, wanted: Mapping[str, Any]) -> None:
    if path.exists():
        _require_same(path, wanted)
    else:
        _write(path, wanted)


def _require_same(path: Path, wanted: Mapping[str, Any]) -> None:
    before = json.loads(path.read_text(encoding="utf-8"))
    changed = sorted(
        key
        for key in before.keys() | wanted.keys()
        if json_hash(before.get(key)) != json_hash(wanted.get(key))
    )
    if changed:
        raise SettingError(
            f"{path.parent} holds an experiment with other {', '.join(changed)}",
            "one folder holds one experiment",
            f"give another --output, or the settings in {path}",
        )


def _write(path: Path, content: object) -> None:
    with write_atomically(path) as partial:
        partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
