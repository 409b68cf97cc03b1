"""What is known of a slide before a pixel is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from monai_ext.errors import SlideError

MPP_RANGE = (0.05, 20.0)


@dataclass(frozen=True)
class StoredLevel:
    """One stored pyramid level.

    Args:
        width: in px of this level.
        height: in px of this level.
        downsample: level-0 px a px of this level; a whole number where the sizes allow it.
    """

    width: int
    height: int
    downsample: float


@dataclass(frozen=True)
class SlideInfo:
    """Size, resolution and identity of a slide.

    Args:
        path: the file.
        width: of level 0 in px.
        height: of level 0 in px.
        mpp: um a level-0 px as the file or the user says, ``None`` if neither does.
        levels: stored levels, finest first.
        bounds: ``(x, y, width, height)`` in level-0 px of the part that holds the scan
            (``openslide.bounds-*``), ``None`` if that is the whole slide. QuPath crops to it.
        slide_hash: the file's identity, see ``monai_ext.wsi.slide_hash``.
        vendor: the format as OpenSlide names it.
    """

    path: Path
    width: int
    height: int
    mpp: float | None
    levels: tuple[StoredLevel, ...]
    bounds: tuple[int, int, int, int] | None
    slide_hash: str
    vendor: str

    @property
    def origin(self) -> tuple[int, int]:
        """Level-0 px ``(x, y)`` that QuPath calls (0, 0)."""
        return (0, 0) if self.bounds is None else self.bounds[:2]

    def finer_level(self, downsample: float) -> int:
        """Index of the coarsest stored level that is at least as fine as ``downsample``."""
        fine = [k for k, level in enumerate(self.levels) if level.downsample <= downsample * 1.0001]
        return max(fine, key=lambda k: self.levels[k].downsample, default=0)


def whole_downsample(size: tuple[int, int], stored: tuple[int, int]) -> float:
    """Level-0 px a stored px: the whole factor that explains both sizes, else their mean ratio.

    Scanners drop or pad the remainder (4443 px halve to 2221), so the ratio of the sizes drifts
    from the factor the pixels really have; over a slide that is up to one stored px.

    Example:
        >>> whole_downsample((4443, 3567), (2221, 1783))
        2.0
    """
    ratios = [full / part for full, part in zip(size, stored, strict=True)]
    factor = round(sum(ratios) / 2)
    fits = factor >= 1 and all(
        abs(full / factor - part) < 1 for full, part in zip(size, stored, strict=True)
    )
    return float(factor) if fits else sum(ratios) / 2


def require_mpp(info: SlideInfo, mpp: float | None = None) -> float:
    """The slide's um a level-0 px, or a refusal.

    Args:
        info: the slide.
        mpp: what the user says; it goes before what the file says.

    Raises:
        SlideError: if neither gives one, or it lies outside 0.05 to 20 um.
    """
    value = info.mpp if mpp is None else mpp
    low, high = MPP_RANGE
    if value is None or not low <= value <= high:
        found = "no um a pixel (mpp)" if value is None else f"mpp={value:g}"
        raise SlideError(
            f"slide {info.path} has {found}",
            f"a slide needs {low:g} to {high:g} um a pixel, magnifications hang on it",
            "give it with --mpp for all slides, or in a column mpp of the cohort CSV",
        )
    return float(value)
