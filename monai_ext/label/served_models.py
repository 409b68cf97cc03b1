"""Which models an app serves: the folders of its ``model`` folder."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path

from monai_ext.errors import MonaiExtError, SettingError
from monai_ext.export import ModelFolder, find_model
from monai_ext.export.model_folder import INFERENCE
from monai_ext.label.served_classifier import ServedClassifier
from monai_ext.label.served_segmenter import ServedSegmenter

_logger = logging.getLogger(__name__)
ALL = "all"
Served = ServedClassifier | ServedSegmenter


def find_served(
    shelf: Path,
    work: Path,
    wanted: Sequence[str] = (ALL,),
    mpp: float | None = None,
    *,
    is_demo_allowed: bool = False,
) -> dict[str, Served]:
    """Models by name, which is that of their folder.

    Args:
        shelf: folder of run folders and bundles with weights.
        work: where classifiers keep features, a folder a model.
        wanted: names, or ``all``; of all, those that cannot be served are logged and passed over.
        mpp: the operator's default, um a level-0 px.
        is_demo_allowed: let demonstration weights see slides that may be real.

    Raises:
        SettingError: if a name is not there, or none is left.
    """
    folders = {path.name: path for path in sorted(shelf.glob("[!.]*")) if path.is_dir()}
    is_all = ALL in wanted
    missing = [name for name in wanted if name not in folders and name != ALL]
    if missing:
        raise SettingError(
            f"no model {', '.join(missing)} in {shelf}",
            f"there are {', '.join(folders) or 'none'}",
            "put run folders there, or mend --conf models",
        )
    served: dict[str, Served] = {}
    for name in folders if is_all else wanted:
        try:
            served[name] = _served(
                find_model(folders[name]), work / name, mpp, is_demo_allowed=is_demo_allowed
            )
        except MonaiExtError as error:
            if not is_all:
                raise
            _logger.warning("%s is not served: %s", name, error)
    if not served:
        raise SettingError(
            f"no model in {shelf}",
            "an app serves run folders and bundles with weights",
            "python -m monai_ext label_app --app APP --models RUN",
        )
    return served


def _served(model: ModelFolder, work: Path, mpp: float | None, *, is_demo_allowed: bool) -> Served:
    """Told apart by what their config is made of."""
    config = json.loads((model.configs / INFERENCE).read_text(encoding="utf-8"))
    if "roi_px" in config and "class_names" in config:
        return ServedSegmenter(model, mpp)
    if "extraction" in config and "class_names" in config:
        return ServedClassifier(model, work, mpp, is_demo_allowed=is_demo_allowed)
    raise SettingError(
        f"{model.configs} has no classes",
        "an app serves classifiers of slides and segmenters",
        "leave it out",
    )
