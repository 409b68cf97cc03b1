"""A strategy of active learning as MONAI Label knows strategies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import HTTPException
from monailabel.interfaces.tasks.strategy import Strategy

from monai_ext.errors import MonaiExtError
from monai_ext.label.next_region import next_region
from monai_ext.label.next_square import STRATEGIES
from monai_ext.label.served_segmenter import ServedSegmenter
from monai_ext.label.train_task import stored_images


class RegionStrategy(Strategy):
    """Answers which region to annotate next, as QuPath's extension asks it.

    Args:
        name: of the strategy.
        served: segmenters by name.
    """

    def __init__(self, name: str, served: Mapping[str, ServedSegmenter]) -> None:
        super().__init__(STRATEGIES[name])
        self.name, self.served = name, served

    def __call__(self, request: Mapping[str, Any], datastore: Any) -> dict[str, Any]:
        """Of ``image``, or of all images without one; ``patch_size`` in level-0 px."""
        model = request.get("model") or next(iter(self.served))
        if model not in self.served:
            raise HTTPException(404, f"no segmenter {model}: {', '.join(self.served)}")
        images = stored_images(datastore)
        done = sum(one.label is not None for one in images)
        if wanted := request.get("image"):
            images = [one for one in images if one.name == wanted]
        patch = request.get("patch_size")
        edge = patch[0] if isinstance(patch, list) and patch and patch[0] else None
        if edge is not None and not (isinstance(edge, int) and 16 <= edge <= 2**15):
            raise HTTPException(422, f"patch_size={patch!r} is no size in pixels, 16 to 32768")
        try:
            return next_region(self.name, self.served[model], images, edge_px=edge, seed=done)
        except MonaiExtError as error:
            raise HTTPException(422, str(error)) from error
