"""What a user asks of a segmentation, and whether it can be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monai_ext.engines.extraction_settings import READERS
from monai_ext.engines.extraction_tissue import tissue_method
from monai_ext.errors import SettingError
from monai_ext.flags import as_path
from monai_ext.networks.nets.symmetry_average import SYMMETRIES
from monai_ext.wsi import GridSpec

BLEND_MODES = ("gaussian", "constant")
BLENDED = ("logits", "probabilities")
TISSUE_CHOICES = ("auto", "find", "all")


@dataclass(frozen=True, kw_only=True)
class SegmentationSettings:
    """All choices of how a network is shown a slide.

    Building it checks nothing, so that a config can build it anywhere; :meth:`verify` does.

    Attributes:
        target_mpp: um a px of what the network sees; None, which training on images of unknown
            resolution leaves, is refused.
        roi_px: edge of a window; larger ones need more memory and know more context.
        overlap: share of a window that the next one covers too, 0 to below 1.
        blend_mode: ``gaussian`` trusts the middle of a window more, ``constant`` all of it.
        blended: what is averaged where windows overlap: ``logits`` as MONAI's bundles do, or
            ``probabilities``.
        symmetries: turned and mirrored copies of a window that are averaged: 1, 2, 4 or 8, see
            :class:`monai_ext.networks.SymmetryAverage`.
        batch_size: windows a call of the network.
        prefetch: batches that are read ahead.
        snap_tolerance: relative change of ``target_mpp`` that saves resampling.
        max_upsample: how much finer than the slide ``target_mpp`` may be.
        sigma_scale: deviation of the Gaussian as a share of the window.
        fill: grey level around a picture that is smaller than a window; glass is white.
        read_px: edge of what is read at a time. Where ``target_mpp`` is no whole multiple of a
            stored level's, the resampling filter ends at these edges, so larger means fewer seams.
        threads: that decode.
        reader: slide reader.
        find_tissue: ``find`` it, take ``all`` for tissue, or ``auto``: find it on slides, take all
            of plain images.
        tissue: arguments of :func:`monai_ext.wsi.segment_tissue`.
        tissue_dir: folder of ``<slide>.geojson`` outlines, used in place of what would be found.
    """

    target_mpp: float | None
    roi_px: int
    overlap: float
    batch_size: int
    prefetch: int
    blend_mode: str = "gaussian"
    blended: str = "logits"
    symmetries: int = 1
    snap_tolerance: float = 0.02
    max_upsample: float = 1.3
    sigma_scale: float = 0.125
    fill: int = 255
    read_px: int = 512
    threads: int = 2
    reader: str = "auto"
    find_tissue: str = "auto"
    tissue: Mapping[str, Any] = field(default_factory=dict)
    tissue_dir: Any = None

    @property
    def spec(self) -> GridSpec:
        """The grid on which a slide is read."""
        return GridSpec(
            tile_px=self.read_px,
            mpps=(self._known_mpp(),),
            snap_tolerance=self.snap_tolerance,
            min_tissue=0.0,
            max_upsample=self.max_upsample,
        )

    @property
    def outlines(self) -> Path | None:
        """``tissue_dir`` as a path."""
        return as_path(self.tissue_dir)

    def request(self) -> dict[str, Any]:
        """What decides the result, ready for JSON; how fast it comes does not."""
        names = ("target_mpp", "roi_px", "overlap", "blend_mode", "blended", "symmetries")
        names += ("snap_tolerance", "max_upsample", "sigma_scale", "fill", "read_px")
        names += ("find_tissue",)
        method = tissue_method(self.tissue)
        return {name: getattr(self, name) for name in names} | {"tissue": method}

    def verify(self) -> None:
        """Refuse what cannot be done before any work starts.

        Raises:
            SettingError: for a value outside its range, or a folder that is missing.
        """
        self._known_mpp()
        for name in ("roi_px", "batch_size", "prefetch", "read_px", "threads"):
            value = getattr(self, name)
            _require(name, value, _is_whole(value) and value >= 1, "a whole number from 1")
        _require("fill", self.fill, _is_whole(self.fill) and 0 <= self.fill <= 255, "0 to 255")
        for name in ("target_mpp", "overlap", "snap_tolerance", "max_upsample", "sigma_scale"):
            value = getattr(self, name)
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            _require(name, value, is_number, "a number")
        _require("overlap", self.overlap, 0 <= self.overlap < 1, "from 0 to below 1")
        _require("sigma_scale", self.sigma_scale, self.sigma_scale > 0, "above 0")
        self._verify_words()
        _ = self.spec, self.request()

    def _known_mpp(self) -> float:
        if self.target_mpp is None:
            raise SettingError(
                "target_mpp is not known: the images of training had no um a pixel",
                "slides and images are brought to the resolution that the network was trained at",
                "give --target_mpp, um a pixel of the training images; plain images need --mpp too",
            )
        return self.target_mpp

    def _verify_words(self) -> None:
        _require("symmetries", self.symmetries, self.symmetries in SYMMETRIES, "1, 2, 4 or 8")
        choices = {"blend_mode": BLEND_MODES, "blended": BLENDED, "reader": READERS}
        for name, allowed in {**choices, "find_tissue": TISSUE_CHOICES}.items():
            value = getattr(self, name)
            _require(name, value, value in allowed, f"one of {', '.join(allowed)}")
        folder = self.outlines
        _require("tissue_dir", folder, folder is None or folder.is_dir(), "a folder that exists")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _require(name: str, value: object, is_sound: bool, rule: str) -> None:  # noqa: FBT001
    if not is_sound:
        raise SettingError(f"{name}={value!r}", rule, f"change --{name}")
