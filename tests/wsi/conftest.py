"""Slides that the reader's tests share."""

from pathlib import Path

import numpy as np
import pytest

from monai_ext.testing.tiny_slides import write_tiny_slide


@pytest.fixture(scope="session")
def slide_image() -> np.ndarray:
    """A stained picture whose sizes are no multiple of a tile: uint8 [624, 912, 3]."""
    from skimage.data import immunohistochemistry

    return np.tile(immunohistochemistry(), (2, 2, 1))[:624, :912]


@pytest.fixture(scope="session")
def tiny_slide(slide_image: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three levels of 128 px tiles, 0.5 um a pixel. Do not change it: copy it first."""
    return write_tiny_slide(tmp_path_factory.mktemp("slides") / "tiny.tif", slide_image)
