"""The reading half of an extraction: slides, one after the other, as batches of tiles."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monai_ext.engines.extraction_batches import tile_batches
from monai_ext.engines.extraction_cuda import cuda_tile_batches
from monai_ext.engines.extraction_settings import ExtractionSettings
from monai_ext.errors import MonaiExtError
from monai_ext.wsi import read_tiles

SLIDE_FAULTS = (MonaiExtError, OSError, RuntimeError, ValueError, TypeError, LookupError)
SLIDE_FAULTS += (ArithmeticError, MemoryError, AttributeError)
"""What may go wrong with one slide and must not end the others."""


@dataclass(frozen=True)
class Opened:
    """A slide begins; ``item`` is what the preprocessing made of it."""

    item: Mapping[str, Any]


@dataclass(frozen=True)
class Tiles:
    """Tiles uint8 ``[b, px, px, 3]`` of a level, and where in the level they belong."""

    level: int
    index: Any
    pixels: Any


@dataclass(frozen=True)
class LevelEnd:
    """All tiles of this level were read."""

    level: int


@dataclass(frozen=True)
class SlideEnd:
    """All levels were read."""


@dataclass(frozen=True)
class Failed:
    """This slide is over."""

    slide: str
    error: BaseException


Event = Opened | Tiles | LevelEnd | SlideEnd | Failed


def slide_events(
    dataset: Any,
    positions: Sequence[int],
    settings: ExtractionSettings,
    levels_of: Callable[[Mapping[str, Any]], Sequence[int]],
) -> Generator[Event, None, None]:
    """Read slides; made to run ahead in a thread.

    Args:
        dataset: gives items with ``slide``, ``reader`` and ``grid``; its ``data`` names them.
        positions: which items.
        settings: batch size and decoder.
        levels_of: the levels of an item that are to be read.

    Yields:
        ``Opened``, then ``Tiles`` and a ``LevelEnd`` a level, then ``SlideEnd``; or ``Failed``
        at any point, after which the next slide follows.
    """
    for position in positions:
        try:
            item = dataset[position]
            try:
                yield Opened(item)
                for level in levels_of(item):
                    yield from _level(item, level, settings)
            finally:
                item["reader"].close()
            yield SlideEnd()
        except SLIDE_FAULTS as error:
            yield Failed(dataset.data[position]["slide"], error)


def _level(
    item: Mapping[str, Any], level: int, settings: ExtractionSettings
) -> Iterator[Tiles | LevelEnd]:
    for index, pixels in batches_of(item, level, settings):
        yield Tiles(level, index, pixels)
    yield LevelEnd(level)


def batches_of(
    item: Mapping[str, Any], level: int, settings: ExtractionSettings
) -> Iterator[tuple[Any, Any]]:
    """Index and pixels of one level, decoded where the settings say."""
    if settings.decode_device == "cuda":
        return cuda_tile_batches(item["reader"].info, item["grid"], level, settings.batch_size)
    return tile_batches(read_tiles(item["reader"], item["grid"], level), settings.batch_size)


def reason_of(error: BaseException) -> str:
    """The plain cause: our own error where one is in the chain, else what was raised first.

    Example:
        >>> reason_of(ValueError("x"))
        'ValueError: x'
    """
    chain = [error]
    while chain[-1].__cause__ is not None:
        chain.append(chain[-1].__cause__)
    own = next((link for link in chain if isinstance(link, MonaiExtError)), None)
    return str(own) if own is not None else f"{type(chain[-1]).__name__}: {chain[-1]}"
