"""A trained segmenter that answers requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from monai_ext.data.label_map import LabelMap
from monai_ext.data.label_runs import label_pieces
from monai_ext.engines.segment_inferer import segment_slide
from monai_ext.engines.segment_region import segment_region
from monai_ext.engines.segment_source import SlideToSegment
from monai_ext.export import ModelFolder
from monai_ext.export.trained_network import bundle_config, trained_network
from monai_ext.hashing import json_hash, state_hash
from monai_ext.label.answer import Answer
from monai_ext.label.served_slide import known_mpp
from monai_ext.label.slide_request import SlideRequest
from monai_ext.outputs.annotation import annotation_of
from monai_ext.outputs.label_geojson import OutlineRules, label_features
from monai_ext.outputs.provenance import Provenance


class ServedSegmenter:
    """Regions and whole slides as polygons.

    Args:
        model: run folder or bundle; its weights are read again when the file has changed, so that
            a training's new ones are used by the next request.
        mpp: the operator's default.
    """

    kind = "segmentation"

    def __init__(self, model: ModelFolder, mpp: float | None = None) -> None:
        self.model, self.mpp = model, mpp
        config = bundle_config(model.configs)
        self.settings = config.get_parsed_content("settings")
        self.class_names: list[str] = list(config.get_parsed_content("class_names"))
        self._files = config.get_parsed_content("files")
        self._device = config.get_parsed_content("device")
        self._encoder = str(config["patch_encoder"])
        self._stamp: tuple[int, int] | None = None
        self._network: torch.nn.Module | None = None
        self._checkpoint = ""
        self.settings.verify()

    @property
    def labels(self) -> list[str]:
        """Classes that get polygons."""
        return self.class_names[1:]

    def network(self) -> torch.nn.Module:
        """With the weights that the file holds now."""
        weights = self.model.weights
        stat = None if weights is None else weights.stat()
        stamp = (0, 0) if stat is None else (stat.st_mtime_ns, stat.st_size)
        if self._network is None or stamp != self._stamp:
            self._network = trained_network(self.model).to(self._device)
            self._checkpoint, self._stamp = state_hash(self._network.state_dict()), stamp
        return self._network

    def __call__(self, path: Path, slide: str, asked: SlideRequest) -> Answer:
        """Segment what is asked for.

        Args:
            path: slide or image.
            slide: its name.
            asked: regions, or none for the whole slide.

        Raises:
            SlideError: if it cannot be read or has no mpp.
            SettingError: if no region lies on the slide.
        """
        network = self.network()
        mpp = known_mpp(path, self.mpp, self.settings.reader)
        waiting = SlideToSegment(path, slide, mpp.given, self.settings)
        try:
            if asked.boxes:
                boxes = asked.boxes_from(waiting.origin)
                region = segment_region(waiting, network, boxes, self._device)
                found, corner = region.labels, region.corner
            else:
                found, corner = segment_slide(waiting, network, self._device), (0.0, 0.0)
            facts = {"mpp": waiting.mpp, "mpp_from": mpp.source, "seconds": found.seconds}
            facts["provenance"] = self._provenance(waiting, found).id
        finally:
            waiting.close()
        return self._answer(found, corner, asked, facts)

    def _answer(
        self,
        found: LabelMap,
        corner: tuple[float, float],
        asked: SlideRequest,
        facts: dict[str, Any],
    ) -> Answer:
        least = asked.min_area_px * (found.mpp / found.scale) ** 2
        rules = OutlineRules(
            tolerance_um=self._files.tolerance_um,
            min_area_um2=max(self._files.min_area_um2, least),
            min_hole_um2=self._files.min_hole_um2,
        )
        pieces = label_pieces(found.runs)
        features = label_features(found, pieces, self.class_names, rules)
        annotations = [annotation_of(feature).moved(*corner) for feature in features]
        return Answer(annotations=annotations, origin=found.origin, facts=facts)

    def _provenance(self, waiting: SlideToSegment, found: LabelMap) -> Provenance:
        return Provenance(
            slide_hash=found.slide_hash,
            request_hash=json_hash([dict(waiting.request), self.class_names]),
            encoder_id=self._encoder,
            checkpoint_hash=self._checkpoint,
        )
