"""Slides to feature files."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from tqdm import tqdm

from monai_ext.atomic import make_folder
from monai_ext.engines.extraction_book import ExtractionBook, ExtractionOutcome
from monai_ext.engines.extraction_dry_run import estimate_extraction
from monai_ext.engines.extraction_encoder import requested_encoder
from monai_ext.engines.extraction_grid import SlideToGrid, given_for
from monai_ext.engines.extraction_log import console_log
from monai_ext.engines.extraction_prefetch import prefetched
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
    slide_events,
)
from monai_ext.engines.extraction_tissue import tissue_path
from monai_ext.engines.plain_errors import plain_errors
from monai_ext.engines.sigterm import exit_on_sigterm
from monai_ext.errors import SettingError
from monai_ext.flags import as_bool
from monai_ext.networks.encoders import PatchEncoder

_logger = logging.getLogger(__name__)
EXIT_SOME_FAILED = 3


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
        names = self._names()
        if self.settings.stage == "features":
            self.save.refuse_other_requests(names)
        if not self.settings.is_dry:
            self._tidy_output()
        book, duplicates = (
            ExtractionBook(self.settings, self.save),
            find_duplicates(self.dataset.data),
        )
        unique = [i for i, name in enumerate(names) if name not in duplicates]
        todo = [i for i in unique if not self._is_done(self.dataset.data[i])]
        book.skip([names[i] for i in unique if i not in {*todo}])
        book.fail_duplicates(duplicates)
        if self.settings.is_dry:
            parts = self.dataset, todo, self.settings, self._encode, book
            book.outcome.estimate = estimate_extraction(*parts)
        else:
            self._extract(todo, book)
        return book.close()

    def _names(self) -> list[str]:
        names = [entry["slide"] for entry in self.dataset.data]
        if not names:
            raise SettingError(
                f"no slide in {self.settings.slides}",
                "slides are found by their suffix, e.g. .svs, .tif, .ndpi, .mrxs, .dcm",
                "check --dataset_dir",
            )
        return names

    def _tidy_output(self) -> None:
        for path in remove_stale_partials(make_folder(self.settings.output)):
            _logger.info("removed %s of a run that was killed", path)

    def _extract(self, todo: Sequence[int], book: ExtractionBook) -> None:
        events = slide_events(self.dataset, todo, self.settings, self._levels_to_do)
        with (
            contextlib.closing(prefetched(events, self.settings.prefetch)) as ahead,
            tqdm(total=len(todo), unit="slide", disable=None) as slides,
            tqdm(unit="tile", disable=None, leave=False) as tiles,
        ):
            self._consume(ahead, book, slides, tiles)

    def _consume(
        self, events: Iterable[Event], book: ExtractionBook, slides: tqdm, tiles: tqdm
    ) -> None:
        for event in events:
            if isinstance(event, Failed):
                book.fail(event.slide, event.error)
                self._work = None
            elif isinstance(event, Opened):
                given = given_for(self.settings, event.item)
                self._work = SlideWork(event.item, given, self._encode, self.save)
                tiles.reset(total=sum(self._work.counts))
            if self._work is not None:  # None: it failed, what was read ahead of it is dropped
                try:
                    tiles.update(self._advance(event, self._work, book))
                except SLIDE_FAULTS as error:
                    book.fail(self._work.item["slide"], error)
                    self._work = None
            slides.update(isinstance(event, SlideEnd | Failed))

    def _advance(self, event: Event, work: SlideWork, book: ExtractionBook) -> int:
        """Do what the event asks; returns how many tiles were encoded."""
        if isinstance(event, Opened):
            work.write_before_features(self.settings)
        elif isinstance(event, Tiles):
            return work.take(event)
        elif isinstance(event, LevelEnd):
            work.finish(event, self.network.embed_dim)
        elif isinstance(event, SlideEnd):
            book.succeed(work)
            self._work = None
        return 0

    def _encode(self, pixels: Any) -> torch.Tensor:
        device = self.network.mean.device.type
        amp = as_bool(self.settings.amp) and device == "cuda"
        with torch.autocast(device, enabled=amp):
            return self.inferer(pixels, self.network.encode)

    def _is_done(self, entry: Mapping[str, Any]) -> bool:
        if self.settings.stage == "tissue":
            return tissue_path(self.settings.output, entry["slide"]).is_file()
        return self.settings.stage == "features" and not self._levels_to_do(entry)

    def _levels_to_do(self, entry: Mapping[str, Any]) -> list[int]:
        if self.settings.stage != "features":
            return []
        given, levels = given_for(self.settings, entry), range(len(self.settings.spec.mpps))
        return [k for k in levels if not self.save.is_done(entry["slide"], k, given)]


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
    encoder = requested_encoder(settings) if network is None else network
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
