"""Handler of MONAI's evaluators: the files of every segmented slide."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ignite.engine import Engine, Events

from monai_ext.data.failures import FAILED_FILE, read_failures, write_failures
from monai_ext.data.label_map import LabelMap, NotSegmented
from monai_ext.data.label_runs import label_pieces
from monai_ext.errors import CohortError, MonaiExtError, SettingError
from monai_ext.hashing import json_hash, state_hash
from monai_ext.outputs.label_geojson import outlined_pieces
from monai_ext.outputs.provenance import Provenance
from monai_ext.outputs.segmentation_files import SegmentationFiles
from monai_ext.outputs.segmentation_table import SegmentationTable
from monai_ext.wsi.slide_reader import SlideReader

_SLIDE_FAULTS = (MonaiExtError, OSError, ValueError, RuntimeError, MemoryError)
_logger = logging.getLogger(__name__)


class WaitingSlide(Protocol):
    """What an evaluator's batch holds under ``image``."""

    slide: str

    @property
    def reader(self) -> SlideReader:
        """Cropped to the slide's bounds."""
        ...

    @property
    def request(self) -> Mapping[str, Any]:
        """What decides its label map, apart from file and network."""
        ...

    def close(self) -> None:
        """Release the file."""
        ...


class SegmentationOutputs:
    """Writes what a network says of each slide while an evaluator runs over them.

    A slide is done when its row in ``segmentation.csv`` has the id of the same file, request,
    checkpoint and rules, and all its files are there; a rerun redoes only the others. One bad slide
    never ends the run: it goes to ``failed.csv`` with its reason.

    Args:
        output_dir: folder of all files.
        class_names: by label; the first is the background.
        files: what is written.
        failed: slides that failed before the run, with reasons; read when it begins.
        encoder_id: of the network's patch encoder, for the provenance.
        split_hash: of the datalist it was trained on, for the provenance.
    """

    def __init__(
        self,
        output_dir: Path | str,
        class_names: Sequence[str],
        files: SegmentationFiles,
        *,
        failed: Mapping[str, str] | None = None,
        encoder_id: str | None = None,
        split_hash: str | None = None,
    ) -> None:
        self.folder, self.class_names = Path(str(output_dir)), list(class_names)
        self.encoder_id, self.split_hash = encoder_id, split_hash
        self.files, self._failed_before = files, {} if failed is None else failed
        self.failures: dict[str, str] = {}
        self.skipped: list[str] = []
        self._done: set[str] = set()
        self._checkpoint = ""
        self._table: SegmentationTable | None = None

    def attach(self, engine: Engine) -> None:
        """Add the handler to an evaluator, behind the one that loads the checkpoint."""
        engine.add_event_handler(Events.STARTED, self._started)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)
        engine.add_event_handler(Events.COMPLETED, self._completed)

    @property
    def table(self) -> SegmentationTable:
        """Rows of all slides; read from disk when it is first asked for."""
        if self._table is None:
            self._table = SegmentationTable(self.folder, self.class_names)
        return self._table

    def is_done(self, slide: WaitingSlide) -> bool:
        """Whether all files of a slide are there, of this very request.

        Raises:
            SlideError: for a slide of which a wanted file cannot be written.
        """
        name = slide.slide
        self.files.require(slide.reader.info)
        paths = self.files.paths(self.folder, name, is_outlined=self.table.components(name) > 0)
        if not self.table.provenance(name) or not all(path.is_file() for path in paths):
            return False
        is_same = self.table.provenance(name) == self._provenance(slide).id
        slide.close()
        return is_same

    def __call__(self, engine: Engine) -> None:
        """Write the slide that was evaluated."""
        output: Any = engine.state.output
        slide, found = output["image"], output["pred"]
        try:
            self._take(slide, found)
        except _SLIDE_FAULTS as error:
            self._fail(slide.slide, str(error) or type(error).__name__)
        finally:
            slide.close()

    def _take(self, slide: WaitingSlide, found: LabelMap | NotSegmented) -> None:
        if isinstance(found, LabelMap):
            self._write(slide, found)
        elif found.reason:
            self._fail(found.slide, found.reason)
        else:
            self.skipped.append(found.slide)
            self._done.add(found.slide)

    def _write(self, slide: WaitingSlide, found: LabelMap) -> None:
        if found.slide in self._done:
            raise CohortError(
                f"slide {found.slide} comes twice", "a slide is one item", "mend the data"
            )
        if len(found.seen) > len(self.class_names):
            raise SettingError(
                f"class_names={self.class_names}, but the network has {len(found.seen)} classes",
                "every class has a name",
                "use the inference.json of its run folder",
            )
        self.table.remove(found.slide)
        pieces, provenance = label_pieces(found.runs), self._provenance(slide)
        self.files.write(self.folder, found, pieces, slide.reader, self.class_names, provenance)
        outlined = outlined_pieces(found, pieces, self.files.rules)
        self.table.add(found, pieces, outlined, provenance.id)
        self._done.add(found.slide)

    def _fail(self, slide: str, reason: str) -> None:
        self.failures[slide] = reason
        _logger.error("%s: failed: %s", slide, reason)
        self._write_failures()

    def _write_failures(self) -> None:
        """Of this run, and of slides that it has not seen."""
        path = self.folder / FAILED_FILE
        earlier = read_failures(path)
        kept = {slide: why for slide, why in earlier.items() if slide not in self._done}
        write_failures(path, kept | self.failures)

    def _provenance(self, slide: WaitingSlide) -> Provenance:
        request = [dict(slide.request), self.files.request(), self.class_names]
        return Provenance(
            slide_hash=slide.reader.info.slide_hash,
            request_hash=json_hash(request),
            encoder_id=self.encoder_id,
            split_hash=self.split_hash,
            checkpoint_hash=self._checkpoint,
        )

    def _started(self, engine: Engine) -> None:
        self.files.verify()
        network: Any = getattr(engine, "network")  # noqa: B009  (only evaluators have one)
        self._checkpoint = state_hash(network.state_dict())
        self.failures, self.skipped, self._done = dict(self._failed_before), [], set()
        self._table = None

    def _completed(self, _engine: Engine) -> None:
        self._write_failures()
        counts = len(self._done) - len(self.skipped), len(self.skipped), len(self.failures)
        _logger.info("%d segmented, %d done before, %d failed", *counts)
