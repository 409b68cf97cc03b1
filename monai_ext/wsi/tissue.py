"""Finding tissue by its colour."""

from __future__ import annotations

import numpy as np

from monai_ext.wsi.slide_reader import SlideReader
from monai_ext.wsi.thumbnail import read_thumbnail
from monai_ext.wsi.tissue_mask import TissueMask


def segment_tissue(
    slide: SlideReader,
    mpp: float,
    *,
    thumbnail_mpp: float = 8.0,
    max_threshold: float = 0.10,
    min_threshold: float = 0.05,
    closing_um: float = 24.0,
    min_object_um2: float = 2e4,
    max_hole_um2: float = 5e4,
) -> TissueMask:
    r"""Tissue is what has colour: glass is white or grey, stained tissue is not.

    On a thumbnail, pixels with HSV saturation above :math:`t` are tissue,

    .. math::
        t = \max(t_{min}, \min(t_{Otsu}, t_{max})) ,

    Otsu's threshold lowers :math:`t` for pale slides and :math:`t_{min}` keeps the noise of
    an empty one out. Closing and filling keep gland lumina and mucus; specks go.

    Args:
        slide: the reader.
        mpp: um a level-0 px.
        thumbnail_mpp: um a mask px, about; it is a whole number of level-0 px.
        max_threshold: saturation, 0 to 1, that is tissue in any slide.
        min_threshold: saturation that is glass in any slide.
        closing_um: radius that is closed.
        min_object_um2: smaller pieces are dropped.
        max_hole_um2: smaller holes are filled.

    Raises:
        SlideError: if stored pixels cannot be read.

    Reference:
        N. Otsu, A threshold selection method from gray-level histograms, IEEE TSMC 1979; the
        saturation channel as in CLAM (Lu et al., Nature BME 2021, whose fixed threshold is 8 of
        255). Differs: bounded Otsu, sizes in um.
    """
    from skimage.color import rgb2hsv

    downsample = max(1, round(thumbnail_mpp / mpp))
    picture = read_thumbnail(slide, downsample)
    saturation = rgb2hsv(picture)[..., 1]
    threshold = max(min_threshold, min(_otsu(saturation), max_threshold))
    pixel_um = downsample * mpp
    mask = _tidy(
        saturation > threshold,
        round(closing_um / pixel_um),
        int(min_object_um2 / pixel_um**2),
        int(max_hole_um2 / pixel_um**2),
    )
    settings = (
        thumbnail_mpp,
        max_threshold,
        min_threshold,
        closing_um,
        min_object_um2,
        max_hole_um2,
    )
    return TissueMask(
        mask=mask,
        downsample=(float(downsample), float(downsample)),
        slide_size=(slide.info.width, slide.info.height),
        origin=slide.info.origin,
        method="saturation " + " ".join(f"{value:g}" for value in settings),
    )


def _otsu(values: np.ndarray) -> float:
    from skimage.filters import threshold_otsu

    return float(threshold_otsu(values)) if np.ptp(values) > 0 else 1.0


def _tidy(mask: np.ndarray, radius: int, min_object: int, max_hole: int) -> np.ndarray:
    from skimage.morphology import closing, disk, remove_small_holes, remove_small_objects

    if radius:
        padded = np.pad(mask, radius, mode="edge")
        mask = closing(padded, disk(radius))[radius:-radius, radius:-radius]
    mask = remove_small_objects(mask, max_size=min_object)
    return remove_small_holes(mask, max_size=max_hole)
