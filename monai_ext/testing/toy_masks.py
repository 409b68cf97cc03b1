"""A small segmentation task: dark discs on pink ground, with masks and a datalist."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from monai_ext.data.segmentation_datalist import write_segmentation_datalist

TOY_CLASSES = ("background", "disc")
_PARTS = {"training": 3, "unlabelled": 4, "validation": 2, "test": 2}


def write_toy_masks(folder: Path, *, height: int = 48, width: int = 64, seed: int = 0) -> Path:
    """Write images, masks of all of them, and the datalist, whose path is given.

    Args:
        folder: where ``images/``, ``masks/`` and ``datalist.json`` go.
        height: px of an image.
        width: px.
        seed: of places and colours.
    """
    rng = np.random.default_rng(seed)
    parts: dict[str, list[dict[str, object]]] = {}
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for part, number in _PARTS.items():
        for k in range(number):
            slide = f"{part}_{k}"
            image, mask = toy_image(rng, height, width)
            Image.fromarray(image).save(folder / "images" / f"{slide}.png")
            Image.fromarray(mask).save(folder / "masks" / f"{slide}.png")
            item: dict[str, object] = {
                "image": str(folder / "images" / f"{slide}.png"),
                "slide": slide,
                "patient": f"{'training' if part == 'unlabelled' else part}-{k}",
                "mpp": 0.5,
            }
            if part != "unlabelled":
                item["label"] = str(folder / "masks" / f"{slide}.png")
            parts.setdefault(part, []).append(item)
    return write_segmentation_datalist(folder / "datalist.json", parts, TOY_CLASSES, seed=seed)


def toy_image(rng: np.random.Generator, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """One image uint8 ``[H, W, 3]`` and its mask uint8 ``[H, W]``, 1 inside two discs."""
    y, x = np.mgrid[:height, :width]
    mask = np.zeros((height, width), bool)
    for _ in range(2):
        cy, cx = rng.uniform(0.2, 0.8, 2) * (height, width)
        radius = rng.uniform(0.15, 0.25) * height
        mask |= (y - cy) ** 2 + (x - cx) ** 2 < radius**2
    colour = np.where(mask[..., None], (150, 70, 150), (225, 180, 205))
    noisy = colour + rng.normal(0, 12, (height, width, 3))
    return noisy.clip(0, 255).astype(np.uint8), mask.astype(np.uint8)
