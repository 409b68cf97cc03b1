"""An extraction that only counts."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from tqdm import tqdm

from monai_ext.engines.extraction_book import ExtractionBook
from monai_ext.engines.extraction_estimate import ExtractionEstimate, seconds_a_tile
from monai_ext.engines.extraction_settings import ExtractionSettings
from monai_ext.engines.extraction_slide import Encode
from monai_ext.engines.extraction_stream import SLIDE_FAULTS, batches_of

_logger = logging.getLogger(__name__)


def estimate_extraction(
    dataset: Any,
    positions: Sequence[int],
    settings: ExtractionSettings,
    encode: Encode,
    book: ExtractionBook,
) -> ExtractionEstimate:
    """Count tiles, and time one batch of the first slide that has tissue.

    Args:
        dataset: gives prepared slides.
        positions: those that are left to do.
        settings: the request.
        encode: tiles to features.
        book: takes the slides that cannot be prepared.

    Returns:
        The estimate, which is logged too.
    """
    estimate = ExtractionEstimate()
    for position in tqdm(positions, unit="slide", disable=None):
        slide = dataset.data[position]["slide"]
        try:
            item = dataset[position]
            with contextlib.closing(item["reader"]):
                if estimate.seconds_a_tile is None:
                    _time(item, settings, encode, estimate)
                estimate.tiles[slide] = [len(level) for level in item["grid"].levels]
        except SLIDE_FAULTS as error:
            book.fail(slide, error)
    for line in estimate.lines():
        _logger.info("%s", line)
    return estimate


def _time(
    item: Mapping[str, Any],
    settings: ExtractionSettings,
    encode: Encode,
    estimate: ExtractionEstimate,
) -> None:
    count = min(len(item["grid"].levels[0]), settings.batch_size)
    if not count or settings.stage != "features":
        return
    widths: list[int] = []
    estimate.seconds_a_tile = seconds_a_tile(
        lambda: next(iter(batches_of(item, 0, settings)))[1],
        lambda pixels: widths.append(encode(pixels).cpu().shape[1]),
        count,
        overlapping=str(settings.device).startswith("cuda"),
    )
    estimate.embed_dim = widths[0]
