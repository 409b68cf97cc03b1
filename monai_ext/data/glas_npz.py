"""The ready tile features of GlaS as a bank of mosaics: one level, 24 tiles an image."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from monai_ext.data.mosaic_bank import MosaicBank
from monai_ext.errors import FeatureError

_SHAPE = (4, 6)


def read_npz_bank(path: Path | str) -> MosaicBank:
    """Read ``glas_efficientnet_lite0.npz``.

    Its tiles of 128 px at 0.62 um a pixel overlap a little; as blocks they are laid side by
    side, which changes nothing for methods that read features and regions.

    Raises:
        FeatureError: if the file is missing, or an image has not 24 tiles in order.
    """
    path = Path(path)
    if not path.is_file():
        raise FeatureError(
            f"{path} not found", "the features lie in the data folder", "set MONAI_EXT_DATA"
        )
    with np.load(path, allow_pickle=False) as table:
        content = {name: table[name] for name in table.files}
    count, tiles = len(content["bag_names"]), _SHAPE[0] * _SHAPE[1]
    expected = np.repeat(np.arange(count), tiles)
    if not np.array_equal(content["bag_index"], expected):
        raise FeatureError(
            f"{path} does not list {tiles} tiles an image in order",
            "tiles of an image lie together",
            "take the data set's own file",
        )
    return MosaicBank(
        names=[str(name) for name in content["bag_names"]],
        patients=[str(patient) for patient in content["patient_ids"]],
        labels=[int(label) for label in content["bag_labels"]],
        features=[content["features"].astype(np.float32).reshape(count, tiles, -1)],
        glands=[content["gland_fraction"].astype(np.float32).reshape(count, tiles)],
        shapes=[_SHAPE],
    )
