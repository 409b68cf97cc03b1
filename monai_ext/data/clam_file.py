"""CLAM's feature files and others as plain: features and level-0 coordinates, no record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from monai_ext.data.attributes import as_number, as_whole, plain_attributes
from monai_ext.data.slide_features import FeatureFacts
from monai_ext.errors import FeatureError, TrustError
from monai_ext.trust import load_state

if TYPE_CHECKING:
    import h5py


def clam_facts(file: h5py.File, path: Path) -> FeatureFacts:
    """What little there is: CLAM's feature files have no attributes, its patch files a few.

    Where a tool copied ``patch_size`` and ``downsample`` of the patch file along, the distance
    of tiles follows, assuming CLAM's default of no overlap; else ``step_px`` stays None.

    Reference:
        mahmoodlab/CLAM, ``extract_features_fp.py``, ``wsi_core/WholeSlideImage.py``.
    """
    attrs = plain_attributes(file["coords"].attrs) if "coords" in file else {}
    size, downsample = as_whole(attrs.get("patch_size")), attrs.get("downsample")
    factor = as_number(downsample[0] if isinstance(downsample, list) else downsample)
    step = as_number(attrs.get("patch_size_level0")) or (size * factor if size and factor else None)
    return FeatureFacts(slide=path.stem, source="clam", step_px=step, tile_px=size, attrs=attrs)


def read_pt(path: Path) -> np.ndarray:
    """The ``[N, D]`` tensor that CLAM (and TRIDENT on request) saves as ``.pt``.

    Raises:
        FeatureError: if the file cannot be read without running code of it, or holds something
            else than one matrix.
    """
    import torch

    try:
        tensor = load_state(path)
    except (OSError, TrustError) as error:
        reason = error.found if isinstance(error, TrustError) else error.strerror
        raise FeatureError(
            f"file {path} cannot be read as a tensor ({reason})",
            "a .pt feature file is one tensor, complete, without code",
            "extract this slide again, or give the .h5 file",
        ) from error
    if not isinstance(tensor, torch.Tensor) or not tensor.is_floating_point():
        raise FeatureError(
            f"file {path} holds {type(tensor).__name__}",
            "a .pt feature file is one [N, D] tensor of floats",
            "give the .h5 file",
        )
    return tensor.float().numpy()
