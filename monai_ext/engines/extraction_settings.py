"""What a user asks of an extraction, and whether it can be done."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from monai_ext.engines.extraction_encoder import encoder_arguments, require_encoder
from monai_ext.engines.extraction_slides import read_mpps
from monai_ext.engines.extraction_tissue import tissue_method
from monai_ext.engines.plain_errors import plain_errors
from monai_ext.errors import SettingError
from monai_ext.flags import as_bool, as_folder, as_path
from monai_ext.wsi import GridSpec

STAGES = ("tissue", "tiles", "features")
READERS = ("auto", "strip", "cucim", "openslide")
DECODERS = ("cpu", "cuda")


@dataclass(frozen=True, kw_only=True)
class ExtractionSettings:
    """All choices of one extraction; values may come from a command line as text.

    Building it checks nothing, so that a config can build it anywhere; :meth:`verify` does.

    Attributes:
        dataset_dir: folder of slides, or one slide.
        output_dir: folder of results.
        tile_px: edge of a tile in px of its magnification.
        mpps: um a px of each magnification, finest first.
        snap_tolerance: relative change of the step that saves resampling.
        min_tissue: least tissue fraction of a finest tile.
        max_upsample: how much finer than the slide the finest magnification may be.
        encoder: a name in ``PATCH_ENCODERS``.
        encoder_checkpoint: its weights, where they are the user's own file or folder.
        encoder_args: further arguments of it, e.g. ``{"input_px": 224}``.
        batch_size: tiles an encoder call.
        prefetch: batches that are read ahead.
        device: where the encoder runs.
        amp: half precision where ``device`` is CUDA.
        reader: slide reader.
        decode_device: where tiles are decoded; ``"cuda"`` needs ``reader="cucim"``.
        stage: ``"tissue"``, ``"tiles"`` or ``"features"``: the last thing that is made.
        tissue_dir: folder of ``<slide>.geojson`` or mask images in place of the own tissue.
        tissue: arguments of the own tissue segmentation.
        mpp: um a level-0 px of all slides, in place of what the files say.
        cohort: CSV with columns ``slide`` and ``mpp``.
        dry_run: only count and estimate.
    """

    dataset_dir: Any
    output_dir: Any
    tile_px: int
    mpps: Sequence[float] | float
    snap_tolerance: float
    min_tissue: float
    max_upsample: float
    encoder: str
    batch_size: int
    prefetch: int
    encoder_checkpoint: Any = None
    encoder_args: Any = field(default_factory=dict)
    device: Any = "cpu"
    amp: Any = False
    reader: str = "auto"
    decode_device: str = "cpu"
    stage: str = "features"
    tissue_dir: Any = None
    tissue: Mapping[str, Any] = field(default_factory=dict)
    mpp: float | None = None
    cohort: Any = None
    dry_run: Any = False

    @property
    def slides(self) -> Path:
        """``dataset_dir`` as a path."""
        return as_folder(self.dataset_dir)

    @property
    def output(self) -> Path:
        """``output_dir`` as a path."""
        return as_folder(self.output_dir)

    @property
    def is_dry(self) -> bool:
        """``dry_run`` as a truth value."""
        return as_bool(self.dry_run)

    @property
    def _mpps(self) -> tuple[float, ...]:
        is_list = isinstance(self.mpps, Sequence) and not isinstance(self.mpps, str)
        return tuple(self.mpps) if is_list else (self.mpps,)  # type: ignore[arg-type, return-value]

    @property
    def spec(self) -> GridSpec:
        """The grid that is asked for."""
        method = "given" if as_path(self.tissue_dir) else tissue_method(self.tissue)
        return GridSpec(
            tile_px=self.tile_px,
            mpps=self._mpps,
            snap_tolerance=self.snap_tolerance,
            min_tissue=self.min_tissue,
            max_upsample=self.max_upsample,
            tissue_method=method,
        )

    def check(self) -> None:
        """:meth:`verify` for a config's ``initialize``: one plain line and exit code 1."""
        log_dir = as_path(self.output_dir)
        with contextlib.suppress(SettingError):  # a wrong word is refused below, with a log
            log_dir = None if self.is_dry else log_dir
        with plain_errors(log_dir):
            self.verify()

    def verify(self) -> None:
        """Refuse what cannot be done before any work starts; writes nothing.

        Raises:
            SettingError: for a value outside its range, or a folder that is missing or cannot be
                written to.
            CohortError: if the CSV cannot be read.
        """
        self._verify_numbers()
        _ = self.spec, self.is_dry, as_bool(self.amp)
        _one_of("stage", self.stage, STAGES)
        _one_of("reader", self.reader, READERS)
        _one_of("decode_device", self.decode_device, DECODERS)
        if not self.slides.is_file():
            _folder("dataset_dir", self.slides)
        if (tissue_dir := as_path(self.tissue_dir)) is not None:
            _folder("tissue_dir", tissue_dir)
        if as_path(self.cohort) is not None:
            read_mpps(self.cohort)
        _writable(self.output)
        require_encoder(self.encoder, encoder_arguments(self.encoder_checkpoint, self.encoder_args))
        self._verify_devices()

    def _verify_numbers(self) -> None:
        for name in ("tile_px", "batch_size", "prefetch"):
            _whole(name, getattr(self, name))
        for name in ("snap_tolerance", "min_tissue", "max_upsample"):
            _number(name, getattr(self, name))
        if self.mpp is not None:
            _number("mpp", self.mpp)
        for mpp in self._mpps:
            _number("mpps", mpp)

    def _verify_devices(self) -> None:
        wanted = [str(self.device), self.decode_device]
        if any(name.startswith("cuda") for name in wanted) and not torch.cuda.is_available():
            raise SettingError(
                f"device={self.device} decode_device={self.decode_device}, but no CUDA was found",
                "cuda needs an NVIDIA GPU and a torch built for it",
                "use --device cpu --decode_device cpu",
            )
        if self.decode_device == "cuda" and self.reader != "cucim":
            raise SettingError(
                f"decode_device=cuda with reader={self.reader}",
                "only cuCIM decodes on the GPU",
                "use --reader cucim",
            )


def _one_of(name: str, value: object, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise SettingError(f"{name}={value!r}", f"one of {', '.join(allowed)}", f"--{name} ...")


def _whole(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SettingError(f"{name}={value!r}", "a whole number from 1", f"--{name} 64")


def _number(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise SettingError(f"{name}={value!r}", "a number", f"--{name} 0.5")


def _folder(name: str, path: Path) -> None:
    if not path.is_dir():
        raise SettingError(f"{name}={path} is no folder", "it exists", f"give --{name}")


def _writable(folder: Path) -> None:
    """Without making it: a dry run leaves no trace."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise SettingError(
            f"output_dir={folder} cannot be written to (see {existing})",
            "results need a writable folder",
            "give another --output_dir or change its permissions",
        )
