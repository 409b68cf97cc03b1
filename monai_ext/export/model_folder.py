"""A folder with a trained network: a run, or a bundle with weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_ext.errors import SettingError

INFERENCE, METADATA, WEIGHTS = "inference.json", "metadata.json", "model.pt"


@dataclass(frozen=True)
class ModelFolder:
    """Where the parts of a trained network lie.

    Args:
        configs: folder of ``inference.json`` and ``metadata.json``.
        weights: state dict; None where the network brings its own, as a tile encoder does.
    """

    configs: Path
    weights: Path | None

    @property
    def inference(self) -> dict[str, Any]:
        """``inference.json`` as it is written, expressions unread."""
        return _read(self.configs / INFERENCE)

    @property
    def metadata(self) -> dict[str, Any]:
        """``metadata.json``.

        Raises:
            SettingError: if the file is missing.
        """
        path = self.configs / METADATA
        if not path.is_file():
            raise SettingError(f"{path} is missing", "a run has its bundle's", "train it again")
        return _read(path)


def find_model(folder: Path) -> ModelFolder:
    """Find configs and weights: side by side in a run, apart in a bundle.

    Raises:
        SettingError: if the folder is neither, or an untrained bundle; names what is missing.
    """
    is_bundle = (folder / "configs").is_dir()
    configs, shelf = (folder / "configs", folder / "models") if is_bundle else (folder, folder)
    wanted = [configs / INFERENCE, shelf / WEIGHTS]
    missing = [path for path in wanted if not path.is_file()]
    brings_own = missing == wanted[1:] and "ckpt_path" not in _read(configs / INFERENCE)
    if missing and not brings_own:
        names = " and no ".join(path.relative_to(folder).as_posix() for path in missing)
        raise SettingError(
            f"{folder} has no {names}",
            "a run folder is what training wrote, a bundle has configs/ and models/",
            "give the --output_dir of a training, or an unpacked bundle with weights",
        )
    return ModelFolder(configs, None if brings_own else shelf / WEIGHTS)


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))
