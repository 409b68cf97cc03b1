"""Handler of MONAI's evaluators: which tiles each prototype of a network is most similar to."""

from __future__ import annotations

import csv
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ignite.engine import Engine, Events

from monai_ext.atomic import write_atomically
from monai_ext.errors import MonaiExtError
from monai_ext.flags import as_bool
from monai_ext.hashing import state_hash
from monai_ext.outputs.bag_tiles import bag_tiles, has_places
from monai_ext.outputs.batch_items import BatchItem, batch_items
from monai_ext.outputs.explain_item import explain_item, explaining_network
from monai_ext.outputs.png import write_png
from monai_ext.outputs.prototype_gallery import PrototypeGallery, TilePick
from monai_ext.outputs.prototype_sheet import prototype_sheet
from monai_ext.outputs.provenance import Provenance
from monai_ext.outputs.slide_files import SlideFiles
from monai_ext.wsi.open_slide import open_slide
from monai_ext.wsi.read_area import read_area

_BANKS = {"visual": "vision_similarity", "text": "text_similarity"}
_logger = logging.getLogger(__name__)


class PrototypeSheets:
    """Writes the most similar tiles of each visual and each text prototype over all slides.

    ``prototype_sheets/visual.png``, ``text.png`` and ``tiles.csv``, when the run ends. Slides
    without a file, or whose features do not say where tiles lie, are left out with one line.

    Args:
        output_dir: folder of the results.
        names: of the text prototypes; numbers stand in for what is missing.
        is_wanted: nothing is done otherwise; words such as ``"false"`` are understood.
        slides_dir: folder of the slides, searched by file stem.
        reader: see ``monai_ext.wsi.open_slide``.
        tiles: drawn for each prototype.
        tiles_per_slide: at most so many of one slide.
        tile_px: side at which a tile is drawn.
        key: of the bag in the batch.
    """

    def __init__(  # noqa: PLR0913
        self,
        output_dir: Path | str,
        names: Sequence[str],
        *,
        is_wanted: Any,
        slides_dir: Path | str | None = None,
        reader: str = "auto",
        tiles: int,
        tiles_per_slide: int,
        tile_px: int,
        key: str = "image",
    ) -> None:
        self.folder = Path(str(output_dir)) / "prototype_sheets"
        self.names, self.is_wanted, self.key = list(names), as_bool(is_wanted), key
        self.files, self.reader = SlideFiles(None if not slides_dir else str(slides_dir)), reader
        self.tiles, self.tiles_per_slide, self.tile_px = tiles, tiles_per_slide, tile_px
        self._start()

    def attach(self, engine: Engine) -> None:
        """Add the handler to an evaluator, if it is wanted."""
        if self.is_wanted:
            engine.add_event_handler(Events.STARTED, self._start)
            engine.add_event_handler(Events.ITERATION_COMPLETED, self)
            engine.add_event_handler(Events.COMPLETED, self._completed)

    def __call__(self, engine: Engine) -> None:
        """Look at the slides of the batch that was evaluated."""
        for item in batch_items(engine.state.batch, self.key):
            try:
                self._slide(engine, item)
            except (MonaiExtError, OSError) as error:
                _logger.error("%s: no prototype tiles: %s", item.slide, error)

    def _start(self) -> None:
        self.left_out: list[str] = []
        self.galleries = {n: PrototypeGallery(self.tiles, self.tiles_per_slide) for n in _BANKS}

    def _slide(self, engine: Engine, item: BatchItem) -> None:
        path = item.other.get("slide_path") or item.meta.get("slide_path")
        path = path or self.files.find(item.slide)
        if path is None or not has_places(item.meta):
            self.left_out.append(item.slide)
            return
        found = explain_item(engine, item.bag, ("attention", *_BANKS.values()))
        read = (found["text_similarity"] != 0).any(1).numpy()
        edges = bag_tiles(item.bag, found["attention"], item.meta).edges()[read]
        for name, gallery in self.galleries.items():
            gallery.add(item.slide, Path(path), edges, found[_BANKS[name]].numpy()[read])

    def _completed(self, engine: Engine) -> None:
        if self.left_out:
            count = len(self.left_out)
            _logger.warning("%d slides without a file or places: not among prototype tiles", count)
        pixels = self._pixels()
        state = explaining_network(engine).state_dict()
        provenance = Provenance(checkpoint_hash=state_hash(state)).id
        for name, gallery in self.galleries.items():
            if gallery.rows:
                picture = prototype_sheet(
                    self._titles(name),
                    gallery.rows,
                    pixels,
                    tile_px=self.tile_px,
                    heading=f"{name.capitalize()} prototypes, most similar tiles of all slides",
                    provenance=provenance,
                )
                write_png(self.folder / f"{name}.png", picture, provenance=provenance)
        self._write_table()

    def _titles(self, bank: str) -> list[str]:
        count = len(self.galleries[bank].rows)
        names = self.names if bank == "text" else []
        return [
            f"{k + 1}. {names[k]}" if k < len(names) else f"{bank} {k + 1}" for k in range(count)
        ]

    def _pixels(self) -> dict[TilePick, np.ndarray]:
        """Pixels of all tiles, each slide opened once."""
        wanted = {pick for g in self.galleries.values() for _, _, pick in g.picks()}
        found: dict[TilePick, np.ndarray] = {}
        for path in sorted({pick.path for pick in wanted if pick.path is not None}):
            try:
                with open_slide(path, reader=self.reader) as slide:
                    for pick in (p for p in wanted if p.path == path):
                        left, top, right, bottom = pick.edges
                        size = right - left, bottom - top
                        found[pick] = read_area(slide, left, top, *size, self.tile_px, self.tile_px)
            except (MonaiExtError, OSError) as error:
                _logger.error("%s: %s", path.stem, error)
        return found

    def _write_table(self) -> None:
        with write_atomically(self.folder / "tiles.csv") as partial, partial.open("w") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(
                ["bank", "prototype", "name", "place", "slide", "x", "y", "side", "similarity"]
            )
            for bank, gallery in self.galleries.items():
                titles = self._titles(bank)
                for k, place, pick in gallery.picks():
                    left, top, right, _ = pick.edges
                    place_on_slide = [pick.slide, left, top, right - left]
                    value = f"{pick.similarity:.6g}"
                    writer.writerow([bank, k, titles[k], place + 1, *place_on_slide, value])
