"""Handler of MONAI's evaluators: predictions of all slides, pictures of each."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from ignite.engine import Engine, Events
from PIL import Image

from monai_ext.data.failures import FAILED_FILE, read_failures, write_failures
from monai_ext.errors import CohortError, MonaiExtError, SlideError
from monai_ext.hashing import state_hash
from monai_ext.outputs.bag_tiles import bag_tiles, has_places
from monai_ext.outputs.batch_items import BatchItem, batch_items
from monai_ext.outputs.explain_item import explain_item, explaining_network
from monai_ext.outputs.predictions import (
    Prediction,
    patient_predictions,
    prediction_table,
    write_predictions,
)
from monai_ext.outputs.provenance import Provenance
from monai_ext.outputs.slide_files import SlideFiles
from monai_ext.outputs.slide_pictures import PictureSettings, SlidePictures
from monai_ext.wsi.open_slide import open_slide
from monai_ext.wsi.slide_reader import SlideReader

PREDICTIONS_FILE, PATIENTS_FILE = "predictions.csv", "predictions_patients.csv"
_SLIDE_FAULTS = (MonaiExtError, OSError, ValueError, RuntimeError)
_logger = logging.getLogger(__name__)


class SlideOutputs:
    """Writes what a network says of each slide while an evaluator runs over them.

    For every slide of a batch ``network.explain(bag)`` is called once, on its real tiles. When
    the run ends ``predictions.csv`` (slides) and ``predictions_patients.csv`` (means over a
    patient's slides; left out where they have different labels) are written.

    One bad slide never ends the run: it goes to ``failed.csv`` with its reason, and what could be
    made of it stays. A slide without a file is no failure: its heat map has a plain ground, its
    GeoJSON takes no bounds into account, and it has no contact sheet. Nor are features without
    coordinates: they give a prediction and no picture.

    Args:
        output_dir: folder of all files.
        class_names: in label order.
        pictures: what is drawn; ``None`` draws nothing.
        slides_dir: folder of the slides, searched by file stem; an item's ``slide_path`` goes
            before it.
        reader: see ``monai_ext.wsi.open_slide``.
        split_hash: of the datalist that the network was trained on.
        key: of the bag in the batch.
        failed: slides that failed before the run, with reasons; read when it ends.
    """

    def __init__(
        self,
        output_dir: Path | str,
        class_names: Sequence[str],
        *,
        pictures: PictureSettings | None = None,
        slides_dir: Path | str | None = None,
        reader: str = "auto",
        split_hash: str | None = None,
        key: str = "image",
        failed: Mapping[str, str] | None = None,
    ) -> None:
        self.folder, self.class_names = Path(str(output_dir)), tuple(class_names)
        prediction_table([], self.class_names)
        self.pictures = None
        if pictures is not None and pictures.is_wanted:
            self.pictures = SlidePictures(self.folder, pictures, self.class_names)
        self.files, self.reader = SlideFiles(None if not slides_dir else str(slides_dir)), reader
        self.split_hash, self.key = split_hash, key
        self._failed_before = {} if failed is None else failed
        self._start()

    def attach(self, engine: Engine) -> None:
        """Add the handler to an evaluator (whose network MONAI sets after its handlers)."""
        engine.add_event_handler(Events.STARTED, self._started)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)
        engine.add_event_handler(Events.COMPLETED, self._completed)

    def __call__(self, engine: Engine) -> None:
        """Handle the slides of the batch that was evaluated."""
        if self._checkpoint_hash is None:
            self._checkpoint_hash = state_hash(explaining_network(engine).state_dict())
        for item in batch_items(engine.state.batch, self.key):
            with self._recorded(item.slide):
                self._slide(engine, item)

    def _start(self) -> None:
        self.failures: dict[str, str] = {}
        self.without_file: list[str] = []
        self.without_place: list[str] = []
        self._rows: dict[str, Prediction] = {}
        self._checkpoint_hash: str | None = None

    def _started(self, engine: Engine) -> None:
        explaining_network(engine)
        self._start()

    def _slide(self, engine: Engine, item: BatchItem) -> None:
        if item.slide in self._rows:
            raise CohortError(
                f"slide {item.slide} comes twice", "a slide is one item", "mend the datalist"
            )
        found = explain_item(engine, item.bag)
        p = found["logits"].double().softmax(dim=0).tolist()
        provenance = self._provenance(item.meta)
        label = _label(item.other.get("label"), self.class_names)
        patient = str(item.other.get("patient") or "")
        row = Prediction(item.slide, patient, tuple(p), label, provenance.id)
        self._rows[item.slide] = prediction_table([row], self.class_names).rows[0]
        if self.pictures is not None and not has_places(item.meta):
            self.without_place.append(item.slide)
        elif self.pictures is not None:
            self._draw(self.pictures, item, found["attention"], provenance)

    def _draw(
        self,
        pictures: SlidePictures,
        item: BatchItem,
        attention: torch.Tensor,
        provenance: Provenance,
    ) -> None:
        chosen, name = pictures.settings, item.slide
        p = dict(zip(self.class_names, self._rows[name].probabilities, strict=True))
        drawn: dict[str, Image.Image] = {}
        with self._opened(item) as slide:
            mpp = _mpp(item, slide)
            tiles = bag_tiles(item.bag, attention, item.meta, mpp=mpp)
            if chosen.geojson:
                pictures.write_geojson(name, tiles, slide, p, provenance)
            if chosen.dicom_annotations:
                with self._recorded(name):
                    pictures.write_dicom_annotations(name, tiles, slide, p, provenance)
            if chosen.heatmap:
                with self._recorded(name):
                    picture = pictures.write_heatmap(name, tiles, slide, provenance, mpp=mpp)
                    drawn["Attention"] = picture
            if chosen.contact_sheet and slide is not None:
                with self._recorded(name):
                    picture = pictures.write_contact_sheet(name, tiles, slide, provenance)
                    drawn["Tiles weighed most and least"] = picture
            if chosen.report:
                with self._recorded(name):
                    pictures.write_report(name, tiles, slide, p, provenance, drawn)

    @contextmanager
    def _recorded(self, slide: str) -> Iterator[None]:
        """What goes wrong with a slide is logged and recorded; the first reason stays."""
        try:
            yield
        except _SLIDE_FAULTS as error:
            reason = str(error) or type(error).__name__
            self.failures.setdefault(slide, reason)
            _logger.error("%s: %s", slide, reason)

    @contextmanager
    def _opened(self, item: BatchItem) -> Iterator[SlideReader | None]:
        """The slide's reader; ``None`` where there is no file or it cannot be used."""
        slide: SlideReader | None = None
        with self._recorded(item.slide):
            slide = self._open(item)
        try:
            yield slide
        finally:
            if slide is not None:
                slide.close()

    def _open(self, item: BatchItem) -> SlideReader | None:
        path = item.other.get("slide_path") or item.meta.get("slide_path")
        path = path or self.files.find(item.slide)
        if path is None:
            self.without_file.append(item.slide)
            return None
        slide = open_slide(path, reader=self.reader)
        expected = item.meta.get("slide_hash")
        if expected is not None and slide.info.slide_hash != expected:
            slide.close()
            raise SlideError(
                f"slide file {path} is not the one that the features were made of",
                "a picture needs the very file",
                "give that file, or make the features again",
            )
        return slide

    def _provenance(self, meta: Mapping[str, Any]) -> Provenance:
        names = ("slide_hash", "request_hash", "encoder_id", "weight_hash")
        links = {name: meta.get(name) for name in names}
        return Provenance(
            **links, split_hash=self.split_hash, checkpoint_hash=self._checkpoint_hash
        )

    def _completed(self, _engine: Engine) -> None:
        rows = self._rows.values()
        write_predictions(self.folder / PREDICTIONS_FILE, rows, self.class_names)
        self._write_patients()
        self.failures = {**self._failed_before, **self.failures}
        earlier = read_failures(self.folder / FAILED_FILE)
        kept = {slide: why for slide, why in earlier.items() if slide not in self._rows}
        write_failures(self.folder / FAILED_FILE, kept | self.failures)
        self._say_what_lacks()

    def _say_what_lacks(self) -> None:
        """One line a lack, not one a slide."""
        if self.without_file:
            _logger.warning(
                "%d of %d slides have no file in %s: heat maps on a plain ground, no contact "
                "sheets, GeoJSON not shifted by bounds",
                len(self.without_file),
                len(self._rows),
                self.files.folder,
            )
        if self.without_place:
            _logger.warning(
                "features of %d of %d slides do not say where their tiles lie: no pictures",
                len(self.without_place),
                len(self._rows),
            )

    def _write_patients(self) -> None:
        path = self.folder / PATIENTS_FILE
        try:
            table = patient_predictions(prediction_table(self._rows.values(), self.class_names))
        except CohortError as error:
            path.unlink(missing_ok=True)
            _logger.info("no %s: %s", PATIENTS_FILE, error)
            return
        write_predictions(path, table.rows, self.class_names)


def _mpp(item: BatchItem, slide: SlideReader | None) -> float | None:
    """Um a level-0 px: what the user said of the item, else the slide, else the features."""
    stored = None if slide is None else slide.info.mpp
    for value in (item.other.get("mpp"), stored, item.meta.get("slide_mpp")):
        if value is not None:
            return float(value)
    return None


def _label(value: Any, class_names: Sequence[str]) -> str | None:
    """Name of a label given as index or name; ``None`` for none, -1 and nan."""
    if value is None:
        return None
    if isinstance(value, str):
        return value or None
    number = float(value)
    return class_names[int(number)] if 0 <= number < len(class_names) else None
