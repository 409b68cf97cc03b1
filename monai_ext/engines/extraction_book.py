"""What became of the slides: in memory, in the tables and on the console."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from monai_ext.data.failures import FAILED_FILE
from monai_ext.data.slide_features import nominal_magnification
from monai_ext.engines.extraction_estimate import ExtractionEstimate
from monai_ext.engines.extraction_records import ExtractionRecords
from monai_ext.engines.extraction_settings import ExtractionSettings
from monai_ext.engines.extraction_slide import SlideWork
from monai_ext.engines.extraction_store import SaveFeatures
from monai_ext.engines.extraction_stream import reason_of
from monai_ext.errors import SettingError

_logger = logging.getLogger(__name__)


@dataclass
class ExtractionOutcome:
    """What became of the slides, by name.

    Attributes:
        ok: done now, with tiles.
        empty: done now, without tissue.
        skipped: done before.
        failed: reason by slide.
        estimate: of a dry run.
    """

    ok: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    estimate: ExtractionEstimate | None = None


class ExtractionBook:
    """Takes each slide's end; a dry run writes no tables.

    Args:
        settings: the request.
        save: knows the provenance id.
    """

    def __init__(self, settings: ExtractionSettings, save: SaveFeatures) -> None:
        self.settings, self.save = settings, save
        self.outcome = ExtractionOutcome()
        self._tiles = [f"tiles_{nominal_magnification(mpp):g}x" for mpp in settings.spec.mpps]
        after = ["mpp", "step_px", "reader", "seconds", "provenance"]
        columns = ["slide", "status", *self._tiles, *after]
        self._records = None if settings.is_dry else ExtractionRecords(settings.output, columns)

    def skip(self, slides: Sequence[str]) -> None:
        """Slides that were done before."""
        self.outcome.skipped = list(slides)
        if self._records is not None:
            self._records.skipped(slides)

    def succeed(self, work: SlideWork) -> None:
        """A slide is whole."""
        slide, grid, reader = work.item["slide"], work.item["grid"], work.item["reader"]
        status = "ok" if sum(work.counts) else "empty"
        (self.outcome.ok if status == "ok" else self.outcome.empty).append(slide)
        values = {
            "status": status,
            "mpp": grid.slide_mpp,
            "step_px": grid.step_px,
            "reader": reader.backend,
            "seconds": round(work.seconds, 1),
            "provenance": self.save.provenance(reader.info.slide_hash),
        }
        if self.settings.stage != "tissue":
            values |= dict(zip(self._tiles, work.counts, strict=True))
        if self._records is not None:
            self._records.done(slide, values)
        speed = work.encoded / max(work.seconds, 1e-9)
        counts = " + ".join(map(str, work.counts))
        line = "%s: %s, %s tiles, %.1f s, %.0f tiles/s, reader %s"
        _logger.info(line, slide, status, counts, work.seconds, speed, reader.backend)

    def fail(self, slide: str, error: BaseException) -> None:
        """A slide is over; the first reason stays."""
        if slide in self.outcome.failed:
            return
        self.outcome.failed[slide] = reason_of(error)
        _logger.error("%s: failed: %s", slide, self.outcome.failed[slide])
        if self._records is not None:
            self._records.fail(slide, self.outcome.failed[slide])

    def fail_duplicates(self, duplicates: Mapping[str, Sequence[str]]) -> None:
        """Names that occur in several places."""
        for name, paths in duplicates.items():
            found = f"slide name {name} in {len(paths)} places: {'; '.join(paths)}"
            rule = "results are named after the slide, so a name occurs once"
            self.fail(name, SettingError(found, rule, "rename or move all but one"))

    def close(self) -> ExtractionOutcome:
        """Finish the tables."""
        outcome = self.outcome
        counts = len(outcome.ok), len(outcome.empty), len(outcome.skipped), len(outcome.failed)
        if self._records is not None:
            self._records.close()
            _logger.info("%d ok, %d empty, %d skipped, %d failed", *counts)
        if outcome.failed and self._records is not None:
            failed = self.settings.output / FAILED_FILE
            _logger.error("see %s; the same command redoes only these slides", failed)
        return outcome
