"""Make the folder that ``python -m monailabel.main start_server --app`` takes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from monai_ext.atomic import make_folder, write_atomically
from monai_ext.errors import SettingError
from monai_ext.export import find_model

MAIN = "main.py"
SHELF = "model"
_RUN_FILES = ("inference.json", "metadata.json", "model.pt", "run.json")


def make_app(folder: Path, models: Sequence[Path]) -> list[str]:
    """Write ``main.py`` and copy models; a model that is there already is replaced.

    Of a run only what inference needs is copied, of a bundle ``configs`` and ``models``.

    Args:
        folder: of the app, new or existing.
        models: run folders and unpacked bundles; their names must differ.

    Returns:
        Names of the models.

    Raises:
        SettingError: if one is no model, or two have one name.
    """
    names = [path.resolve().name for path in models]
    if len(set(names)) < len(names):
        raise SettingError(
            f"models {', '.join(names)}",
            "a model is served under the name of its folder, which occurs once",
            "rename a folder",
        )
    found = [find_model(path) for path in models]
    inside = [path for path in models if path.resolve().parent == (folder / SHELF).resolve()]
    if inside:
        raise SettingError(
            f"{inside[0]} is served by this app already",
            "models are copied into an app from elsewhere",
            "leave it out",
        )
    shelf = make_folder(folder / SHELF)
    for name, path, model in zip(names, models, found, strict=True):
        is_bundle = model.configs != path
        parts = ("configs", "models", "LICENSE") if is_bundle else _RUN_FILES
        with _replaced(shelf / name) as new:
            for part in parts:
                _copy(path / part, new / part)
    source = Path(__file__).with_name(MAIN)
    with write_atomically(folder / MAIN) as partial:
        partial.write_bytes(source.read_bytes())
    return names


@contextmanager
def _replaced(target: Path) -> Iterator[Path]:
    """A folder that takes the target's place when it is complete.

    Weights of before trainings of the app (``earlier``) stay.
    """
    new = target.with_name(f".{target.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    yield make_folder(new)
    for earlier in (Path("earlier"), Path("models/earlier")):
        if (target / earlier).is_dir():
            shutil.move(target / earlier, new / earlier)
    shutil.rmtree(target, ignore_errors=True)
    new.rename(target)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    elif source.is_file():
        make_folder(target.parent)
        shutil.copyfile(source, target)
