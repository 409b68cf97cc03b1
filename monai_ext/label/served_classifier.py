"""A trained slide classifier that answers requests; features are made once and kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monai_ext.data.failures import FAILED_FILE, read_failures
from monai_ext.engines.segment_image import is_plain_image
from monai_ext.engines.segment_region import Box
from monai_ext.errors import SettingError, SlideError
from monai_ext.experiments.bundle_run import INFERENCE, run_config
from monai_ext.experiments.demo_weights import require_invented
from monai_ext.export import ModelFolder
from monai_ext.export.model_folder import METADATA
from monai_ext.export.trained_network import bundle_config
from monai_ext.label.answer import Answer
from monai_ext.label.attention_areas import attention_areas, attention_label
from monai_ext.label.served_slide import known_mpp
from monai_ext.label.slide_request import SlideRequest
from monai_ext.wsi import open_slide

_NO_PICTURES = {"heatmap": False, "contact_sheet": False, "report": False, "geojson": True}


class ServedClassifier:
    """Class probabilities of a slide, and what they hang on.

    Args:
        model: run folder or bundle.
        work: folder of features and results, a folder a slide; what is there is used again.
        mpp: the operator's default.
        is_demo_allowed: let demonstration weights see slides that may be real.
    """

    kind = "classification"

    def __init__(
        self,
        model: ModelFolder,
        work: Path,
        mpp: float | None = None,
        *,
        is_demo_allowed: bool = False,
    ) -> None:
        self.model, self.work, self.mpp = model, work, mpp
        self.is_demo_allowed = is_demo_allowed
        config = bundle_config(model.configs)
        self.class_names: list[str] = list(config.get_parsed_content("class_names"))
        self._reader = str(config["reader"])

    @property
    def labels(self) -> list[str]:
        """Names that its polygons can have."""
        return [attention_label(name) for name in self.class_names]

    def __call__(self, path: Path, slide: str, asked: SlideRequest) -> Answer:
        """Predict a slide; a region that is asked for changes which attention is shown only.

        Args:
            path: the slide.
            slide: its name.
            asked: regions for attention.

        Raises:
            SlideError: if it cannot be read, has no mpp, or no tissue.
            SettingError: if the model's grid is not known, or its weights are a demonstration's.
        """
        if not self.is_demo_allowed:
            require_invented(self.model.configs / METADATA, path, None)
        if is_plain_image(path):
            raise SlideError(
                f"{path.name} is an image",
                "a slide is predicted as a whole",
                "put the slide under --studies, or ask a model that segments",
            )
        mpp = known_mpp(path, self.mpp, self._reader)
        with open_slide(path, self._reader) as opened:
            origin, key = opened.info.origin, opened.info.slide_hash
        folder = self.work / f"{slide}_{key[:12]}"
        self._run(path, folder, mpp.given)
        page = json.loads(next((folder / "geojson").glob("*.geojson")).read_text("utf-8"))
        best = max(page["prediction"], key=page["prediction"].__getitem__)
        tiles = [tile for tile in page["features"] if _is_asked(tile, asked, origin)]
        facts = {"provenance": page["provenance"]["id"], "mpp_from": mpp.source}
        return Answer(
            annotations=attention_areas(tiles, best),
            origin=origin,
            detections=tiles,
            probabilities=page["prediction"],
            facts=facts | {"note": page["note"]},
        )

    def _run(self, path: Path, folder: Path, mpp: float | None) -> None:
        """The run's own inference; what it writes is read by the caller.

        Raises:
            SlideError: with the reason that ``failed.csv`` gives.
            SettingError: for what ends an inference.
        """
        bundle = {} if self.model.configs == self._weights.parent else self._bundle_root()
        values = bundle | _NO_PICTURES | ({} if mpp is None else {"mpp": mpp})
        values |= {"dataset_dir": str(path), "slides_dir": str(path.parent)}
        values |= {"output_dir": str(folder), "ckpt_path": str(self._weights)}
        try:
            run_config([self.model.configs / INFERENCE], workflow_type="infer", **values)
        except SystemExit as stop:
            reasons = read_failures(folder / FAILED_FILE)
            raise _fault(path.stem, reasons, str(stop.code)) from stop

    @property
    def _weights(self) -> Path:
        if self.model.weights is None:
            raise SettingError(
                f"{self.model.configs} has no weights", "a classifier is trained", "train it"
            )
        return self.model.weights

    def _bundle_root(self) -> dict[str, Any]:
        return {"bundle_root": str(self.model.configs.parent)}


def _fault(slide: str, reasons: Mapping[str, str], words: str) -> SlideError:
    found = "; ".join(reasons.values()) or words
    return SlideError(f"slide {slide}: {found}", "it can be predicted", "see the server's log")


def _is_asked(tile: Mapping[str, Any], asked: SlideRequest, origin: tuple[int, int]) -> bool:
    """Whether a tile shares ground with a region that is asked for."""
    if not asked.boxes:
        return True
    (left, top), _, (right, bottom), *_ = tile["geometry"]["coordinates"][0]
    ground = Box(left, top, right - left, bottom - top)
    return any(ground.meets(box) for box in asked.boxes_from(origin))
