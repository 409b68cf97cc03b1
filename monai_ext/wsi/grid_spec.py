"""What a user asks of a tile grid."""

from __future__ import annotations

import itertools
import math
from dataclasses import asdict, dataclass

from monai_ext.errors import SettingError
from monai_ext.hashing import json_hash


@dataclass(frozen=True)
class GridSpec:
    """Tile size, magnifications and rules, before any slide is known.

    Args:
        tile_px: edge of a tile in px of its own magnification, >= 1.
        mpps: um a px of each magnification, finest first, powers of two apart.
        snap_tolerance: relative change of the step that is accepted to make it a whole multiple of
            ``tile_px``, which saves resampling; 0 never snaps.
        min_tissue: least tissue fraction of a kept finest tile, 0 to 1.
        max_upsample: how much finer than the slide the finest magnification may be, >= 1.
        tissue_method: what found the tissue, with its settings, as text; only recorded.

    Raises:
        SettingError: if a value is outside its range, or the magnifications are not powers of
            two apart.

    Example:
        >>> GridSpec(256, (0.5, 1.0, 2.0), 0.02, 0.35, 1.3).level_numbers
        (0, 1, 2)
    """

    tile_px: int
    mpps: tuple[float, ...]
    snap_tolerance: float
    min_tissue: float
    max_upsample: float
    tissue_method: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "mpps", tuple(float(mpp) for mpp in self.mpps))
        _check(self.tile_px >= 1, f"tile_px={self.tile_px}", "a tile has at least 1 px")
        _check(0 <= self.snap_tolerance < 0.5, f"snap_tolerance={self.snap_tolerance}", "0 to 0.5")
        _check(0 <= self.min_tissue <= 1, f"min_tissue={self.min_tissue}", "a fraction, 0 to 1")
        _check(self.max_upsample >= 1, f"max_upsample={self.max_upsample}", "at least 1")
        _check(len(self.mpps) > 0 and min(self.mpps) > 0, f"mpps={self.mpps}", "above 0 um a px")
        _check_powers(self.mpps)

    @property
    def level_numbers(self) -> tuple[int, ...]:
        """log2 of each magnification's step over the finest step."""
        return tuple(round(math.log2(mpp / self.mpps[0])) for mpp in self.mpps)

    def request(self) -> dict[str, object]:
        """The values, ready for JSON."""
        return {**asdict(self), "mpps": list(self.mpps)}

    @property
    def request_hash(self) -> str:
        """Hash of the request: equal hashes give the same tiles of a slide."""
        return json_hash(self.request())


def _check(sound: bool, found: str, rule: str) -> None:  # noqa: FBT001
    if not sound:
        raise SettingError(found, rule, "give a value in that range")


def _check_powers(mpps: tuple[float, ...]) -> None:
    for finer, coarser in itertools.pairwise(mpps):
        power = math.log2(coarser / finer)
        if round(power) < 1 or abs(power - round(power)) > 1e-6:
            raise SettingError(
                f"mpps={list(mpps)}",
                "magnifications are given finest first and are powers of two apart",
                f"after {finer:g} use {2 * finer:g} or {4 * finer:g}",
            )
