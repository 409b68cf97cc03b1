"""Slides of a few tiles and an extraction over them."""

import numpy as np

from monai_ext.engines.extraction import FeatureExtractor, extract_features
from monai_ext.engines.extraction_settings import ExtractionSettings
from monai_ext.testing.tiny_slides import write_tiny_slide

TILE_PX = 32
TISSUE = {"thumbnail_mpp": 4.0, "closing_um": 4.0, "min_object_um2": 100.0, "max_hole_um2": 100.0}


def tissue_image(height=384, width=512, seed=0):
    """White, with a reddish textured rectangle of tissue from (64, 64) to 3/4 of both sides."""
    image = np.full((height, width, 3), 245, np.uint8)
    noise = np.random.default_rng(seed).integers(0, 60, (height, width, 1))
    tissue = np.clip(np.array([190, 90, 150]) - noise, 0, 255).astype(np.uint8)
    rows, columns = slice(64, height * 3 // 4), slice(64, width * 3 // 4)
    image[rows, columns] = tissue[rows, columns]
    return image


def blank_image(height=384, width=512):
    return np.full((height, width, 3), 245, np.uint8)


def add_slide(folder, name, image=None, **kwargs):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_tiny_slide(path, tissue_image() if image is None else image, **kwargs)


def settings_for(tmp_path, **changes):
    values = {
        "dataset_dir": tmp_path / "slides",
        "output_dir": tmp_path / "out",
        "tile_px": TILE_PX,
        "mpps": [0.5, 1.0, 2.0],
        "snap_tolerance": 0.02,
        "min_tissue": 0.35,
        "max_upsample": 1.3,
        "encoder": "tiny",
        "batch_size": 7,
        "prefetch": 2,
        "tissue": TISSUE,
    }
    return ExtractionSettings(**{**values, **changes})


def extract(tmp_path, network=None, **changes):
    return extract_features(settings_for(tmp_path, **changes), network)


def feature_files(folder):
    """Bytes of all feature files by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("features_*/*.h5"))
    }


__all__ = ["FeatureExtractor", "add_slide", "blank_image", "extract", "feature_files"]
