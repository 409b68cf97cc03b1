"""Slides to feature files."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from tqdm import tqdm

from monai_ext.atomic import make_folder
from monai_ext.data.slide_features import nominal_magnification
from monai_ext.engines.extraction_estimate import ExtractionEstimate, level_counts, seconds_a_tile
from monai_ext.engines.extraction_grid import SlideToGrid, given_for
from monai_ext.engines.extraction_log import console_log
from monai_ext.engines.extraction_prefetch import prefetched
from monai_ext.engines.extraction_records import FAILED, ExtractionRecords
from monai_ext.engines.extraction_settings import ExtractionSettings
from monai_ext.engines.extraction_slide import SlideWork
from monai_ext.engines.extraction_slides import find_duplicates, find_slides
from monai_ext.engines.extraction_stale import remove_stale_partials
from monai_ext.engines.extraction_store import SaveFeatures
from monai_ext.engines.extraction_stream import (
    SLIDE_FAULTS,
    Event,
    Failed,
    LevelEnd,
    Opened,
    SlideEnd,
    Tiles,
    batches_of,
    reason_of,
    slide_events,
)
from monai_ext.engines.extraction_tissue import tissue_path
from monai_ext.engines.plain_errors import plain_errors
from monai_ext.engines.sigterm import exit_on_sigterm
from monai_ext.errors import SettingError
from monai_ext.flags import as_bool
from monai_ext.networks.encoders import PatchEncoder, build_patch_encoder

_logger = logging.getLogger(__name__)
EXIT_SOME_FAILED = 3


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


class FeatureExtractor:
    """The evaluator of the extraction bundle: reads ahead, encodes, writes, goes on after faults.

    Args:
        settings: the request.
        dataset: MONAI data set over ``find_slides``, transformed by :class:`SlideToGrid`.
        network: the encoder.
        inferer: MONAI inferer; called with tiles and the encoder's ``encode``.
        postprocessing: takes a level's features and writes them.
    """

    def __init__(
        self,
        settings: ExtractionSettings,
        dataset: Any,
        network: PatchEncoder,
        inferer: Any,
        postprocessing: SaveFeatures,
    ) -> None:
        self.settings, self.dataset, self.network = settings, dataset, network
        self.inferer, self.save = inferer, postprocessing
        self.outcome = ExtractionOutcome()
        self._work: SlideWork | None = None

    def run(self) -> None:
        """Extract, as a bundle's ``run`` does.

        Raises:
            SystemExit: 1 with one plain line for what a user can mend, 3 if slides failed (they
                are in ``failed.csv``), 143 after SIGTERM.
        """
        log_dir = None if self.settings.is_dry else self.settings.output
        with console_log():
            with plain_errors(log_dir), exit_on_sigterm():
                outcome = self.extract()
            if outcome.failed:
                _logger.error("%d slides failed", len(outcome.failed))
                raise SystemExit(EXIT_SOME_FAILED)

    def extract(self) -> ExtractionOutcome:
        """Extract what is not done yet.

        Returns:
            What became of each slide; faults of single slides are in ``failed``.

        Raises:
            SettingError: for settings that cannot be met, no slides, or a folder that holds
                features of another request.
        """
        self.settings.verify()
        self.outcome = ExtractionOutcome()
        names = [entry["slide"] for entry in self.dataset.data]
        if not names:
            raise SettingError(
                f"no slide in {self.settings.slides}",
                "slides are found by their suffix, e.g. .svs, .tif, .ndpi, .mrxs, .dcm",
                "check --dataset_dir",
            )
        if self.settings.stage == "features":
            self.save.refuse_other_requests(names)
        duplicates = find_duplicates(self.dataset.data)
        todo = [
            i for i, name in enumerate(names) if name not in duplicates and not self._is_done(i)
        ]
        done = [name for i, name in enumerate(names) if name not in duplicates and i not in {*todo}]
        self.outcome.skipped = done
        if self.settings.is_dry:
            self._refuse_duplicates(duplicates, None)
            return self._estimate(todo)
        return self._extract(todo, duplicates)

    def _extract(
        self, todo: Sequence[int], duplicates: Mapping[str, Sequence[str]]
    ) -> ExtractionOutcome:
        folder = make_folder(self.settings.output)
        for path in remove_stale_partials(folder):
            _logger.info("removed %s of a run that was killed", path)
        records = ExtractionRecords(folder, self._columns())
        records.skipped(self.outcome.skipped)
        self._refuse_duplicates(duplicates, records)
        events = slide_events(self.dataset, todo, self.settings, self._levels_to_do)
        with (
            contextlib.closing(prefetched(events, self.settings.prefetch)) as ahead,
            tqdm(total=len(todo), unit="slide", disable=None) as slides,
            tqdm(unit="tile", disable=None, leave=False) as tiles,
        ):
            self._consume(ahead, records, slides, tiles)
        records.close()
        self._log_end(records)
        return self.outcome

    def _consume(
        self, events: Iterable[Event], records: ExtractionRecords, slides: tqdm, tiles: tqdm
    ) -> None:
        for event in events:
            if isinstance(event, Failed):
                self._fail(event.slide, event.error, records)
            elif isinstance(event, Opened):
                self._work = self._begin(event)
                tiles.reset(total=sum(self._work.counts))
            if self._work is not None:
                try:
                    tiles.update(self._advance(event, records))
                except SLIDE_FAULTS as error:
                    self._fail(self._work.item["slide"], error, records)
            slides.update(isinstance(event, SlideEnd | Failed))

    def _begin(self, event: Opened) -> SlideWork:
        given = given_for(self.settings, event.item)
        return SlideWork(event.item, given, self._encode, self.save)

    def _advance(self, event: Event, records: ExtractionRecords) -> int:
        """Do what the event asks; returns how many tiles were encoded."""
        work = self._work
        if work is None:
            return 0
        if isinstance(event, Opened):
            work.write_before_features(self.settings)
        elif isinstance(event, Tiles):
            return work.take(event)
        elif isinstance(event, LevelEnd):
            work.finish(event, self.network.embed_dim)
        elif isinstance(event, SlideEnd):
            self._succeed(work, records)
        return 0

    def _encode(self, pixels: Any) -> torch.Tensor:
        device = self.network.mean.device.type
        amp = as_bool(self.settings.amp) and device == "cuda"
        with torch.autocast(device, enabled=amp):
            return self.inferer(pixels, self.network.encode)

    def _is_done(self, position: int) -> bool:
        entry = self.dataset.data[position]
        if self.settings.stage == "tissue":
            return tissue_path(self.settings.output, entry["slide"]).is_file()
        return self.settings.stage == "features" and not self._levels_to_do(entry)

    def _levels_to_do(self, entry: Mapping[str, Any]) -> list[int]:
        if self.settings.stage != "features":
            return []
        given, levels = given_for(self.settings, entry), range(len(self.settings.spec.mpps))
        return [k for k in levels if not self.save.is_done(entry["slide"], k, given)]

    def _refuse_duplicates(
        self, duplicates: Mapping[str, Sequence[str]], records: ExtractionRecords | None
    ) -> None:
        for name, paths in duplicates.items():
            error = SettingError(
                f"slide name {name} in {len(paths)} places: {'; '.join(paths)}",
                "results are named after the slide, so a name occurs once",
                "rename or move all but one",
            )
            self._fail(name, error, records)

    def _succeed(self, work: SlideWork, records: ExtractionRecords) -> None:
        slide, grid, reader = work.item["slide"], work.item["grid"], work.item["reader"]
        is_empty = not sum(work.counts)
        (self.outcome.empty if is_empty else self.outcome.ok).append(slide)
        values = {
            "status": "empty" if is_empty else "ok",
            "mpp": grid.slide_mpp,
            "step_px": grid.step_px,
            "reader": reader.backend,
            "seconds": round(work.seconds, 1),
            "provenance": self.save.provenance(reader.info.slide_hash),
        }
        if self.settings.stage != "tissue":
            values |= dict(zip(self._tile_columns(), work.counts, strict=True))
        records.done(slide, values)
        speed = work.encoded / max(work.seconds, 1e-9)
        counts = " + ".join(map(str, work.counts))
        line = "%s: %s, %s tiles, %.1f s, %.0f tiles/s, reader %s"
        _logger.info(line, slide, values["status"], counts, work.seconds, speed, reader.backend)
        self._work = None

    def _fail(self, slide: str, error: BaseException, records: ExtractionRecords | None) -> None:
        reason = reason_of(error)
        self.outcome.failed[slide] = reason
        _logger.error("%s: failed: %s", slide, reason)
        if records is not None:
            records.fail(slide, reason)
        self._work = None

    def _estimate(self, todo: Sequence[int]) -> ExtractionOutcome:
        estimate = ExtractionEstimate(self.network.embed_dim)
        self.outcome.estimate = estimate
        for position in tqdm(todo, unit="slide", disable=None):
            slide = self.dataset.data[position]["slide"]
            try:
                item = self.dataset[position]
                with contextlib.closing(item["reader"]):
                    if estimate.seconds_a_tile is None:
                        estimate.seconds_a_tile = self._time(item)
                    estimate.tiles[slide] = level_counts(item)
            except SLIDE_FAULTS as error:
                self._fail(slide, error, None)
        for line in estimate.lines():
            _logger.info("%s", line)
        return self.outcome

    def _time(self, item: Mapping[str, Any]) -> float | None:
        count = min(len(item["grid"].levels[0]), self.settings.batch_size)
        if not count or self.settings.stage != "features":
            return None
        return seconds_a_tile(
            lambda: next(iter(batches_of(item, 0, self.settings)))[1],
            lambda pixels: self._encode(pixels).cpu(),
            count,
            overlapping=self.network.mean.device.type == "cuda",
        )

    def _tile_columns(self) -> list[str]:
        return [f"tiles_{nominal_magnification(mpp):g}x" for mpp in self.settings.spec.mpps]

    def _columns(self) -> list[str]:
        after = ["mpp", "step_px", "reader", "seconds", "provenance"]
        return ["slide", "status", *self._tile_columns(), *after]

    def _log_end(self, records: ExtractionRecords) -> None:
        outcome, failed = self.outcome, self.settings.output / FAILED
        counts = len(outcome.ok), len(outcome.empty), len(outcome.skipped), len(records.failed)
        _logger.info("%d ok, %d empty, %d skipped, %d failed", *counts)
        if records.failed:
            _logger.error("see %s; the same command redoes only these slides", failed)


def extract_features(
    settings: ExtractionSettings, network: PatchEncoder | None = None
) -> ExtractionOutcome:
    """Extract without a config: the same parts, put together.

    Args:
        settings: the request.
        network: the encoder; None builds ``settings.encoder``.

    Returns:
        What became of each slide.

    Raises:
        SettingError: as :meth:`FeatureExtractor.extract`.
    """
    from monai.data import Dataset
    from monai.inferers import SimpleInferer

    settings.verify()
    encoder = build_patch_encoder(settings.encoder) if network is None else network
    encoder.to(settings.device)
    slides = find_slides(
        settings.slides,
        mpp=settings.mpp,
        cohort=settings.cohort,
        without=(settings.output, settings.tissue_dir),
    )
    dataset = Dataset(slides, transform=SlideToGrid(settings))
    save = SaveFeatures(settings, encoder)
    return FeatureExtractor(settings, dataset, encoder, SimpleInferer(), save).extract()
