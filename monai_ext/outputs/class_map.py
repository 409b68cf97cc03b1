"""Class maps as PNG files: one byte a pixel, the class id, with a palette to look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from monai_ext.errors import SettingError
from monai_ext.outputs.label_colours import label_colours
from monai_ext.outputs.png import write_png


def write_class_map(
    path: Path | str, classes: NDArray[np.integer], *, provenance: str = ""
) -> None:
    """Write class ids [H, W] as a paletted PNG: ``read_mask`` gets the ids back.

    Raises:
        SettingError: if an id is no byte.
    """
    if classes.min(initial=0) < 0 or classes.max(initial=0) > 255:
        raise SettingError(
            f"class ids from {classes.min()} to {classes.max()}",
            "a class map holds 0 to 255",
            "give class ids",
        )
    picture = Image.fromarray(classes.astype(np.uint8))
    picture.putpalette(label_colours(np.arange(256)).ravel().tolist())
    write_png(path, picture, provenance=provenance)
