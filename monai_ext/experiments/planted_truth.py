"""Does attention find what was planted?"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from monai_ext.atomic import write_atomically
from monai_ext.errors import FeatureError

_OUTLINE, _OUTLINE_PX = (200, 30, 30), 4


def attention_auc(geojson: Path, mask: Path, *, downsample: int) -> float:
    """AUC of tile attention against planted truth, on one slide.

    A tile is positive if more than half of it lies in a lesion, negative if nothing of it does;
    tiles between are left out.

    Args:
        geojson: tiles of a slide without bounds, as ``SlideOutputs`` writes them.
        mask: picture of the truth, white where a lesion is.
        downsample: level-0 pixels a pixel of the mask.

    Returns:
        The area under the ROC curve; nan where no tile is positive or none negative.

    Raises:
        FeatureError: if the file holds no tiles.
    """
    from PIL import Image
    from sklearn.metrics import roc_auc_score

    truth = np.asarray(Image.open(mask).convert("L")) > 0
    tiles = json.loads(geojson.read_text(encoding="utf-8"))["features"]
    if not tiles:
        raise FeatureError(f"{geojson} holds no tiles", "a slide has tiles", "predict it again")
    share = np.array([_share(truth, tile, downsample) for tile in tiles])
    attention = np.array([tile["properties"]["measurements"]["attention"] for tile in tiles])
    clear = (share > 0.5) | (share == 0)
    positive = share[clear] > 0.5
    if positive.all() or not positive.any():
        return float("nan")
    return float(roc_auc_score(positive, attention[clear]))


def _share(truth: np.ndarray, tile: dict, downsample: int) -> float:
    corners = np.array(tile["geometry"]["coordinates"][0]) / downsample
    left, top = np.floor(corners.min(0)).astype(int)
    right, bottom = np.ceil(corners.max(0)).astype(int)
    part = truth[top:bottom, left:right]
    return float(part.mean()) if part.size else 0.0


def outline_truth(heatmap: Path, truth: Path, slide_px: int, target: Path) -> None:
    """Draw the planted lesions' outlines over a heat map.

    Args:
        heatmap: picture of a whole slide, its legend below.
        truth: GeoJSON of the lesions in level-0 pixels.
        slide_px: width of the slide.
        target: picture to write.
    """
    from PIL import Image, ImageDraw

    picture = Image.open(heatmap).convert("RGB")
    scale = picture.width / slide_px
    pen = ImageDraw.Draw(picture)
    for lesion in json.loads(truth.read_text(encoding="utf-8"))["features"]:
        ring = np.array(lesion["geometry"]["coordinates"][0]) * scale
        pen.line([(x, y) for x, y in ring], fill=_OUTLINE, width=_OUTLINE_PX, joint="curve")
    with write_atomically(target) as path:
        picture.save(path, format="PNG", optimize=True)
