"""Heat map, GeoJSON and contact sheet of one slide, each if wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from monai_ext.errors import SlideError
from monai_ext.flags import as_bool
from monai_ext.outputs.canvas import thumbnail_canvas
from monai_ext.outputs.contact_sheet import contact_sheet
from monai_ext.outputs.dicom_annotations import write_dicom_annotations
from monai_ext.outputs.geojson import TileClass, write_geojson
from monai_ext.outputs.heatmap import attention_heatmap, level_words
from monai_ext.outputs.legend import NOT_EVIDENCE
from monai_ext.outputs.png import write_png
from monai_ext.outputs.provenance import Provenance
from monai_ext.outputs.report_page import SlideReport, write_report
from monai_ext.outputs.slide_frame import slide_frame, tiles_frame
from monai_ext.outputs.tile_annotations import tile_annotations
from monai_ext.outputs.tile_scores import TileScores
from monai_ext.wsi.slide_reader import SlideReader

_KINDS = ("heatmap", "geojson", "contact_sheet", "report", "dicom_annotations")
_THUMBNAIL_PX = 900
_COLOURS = (
    (86, 180, 233),
    (213, 94, 0),
    (0, 158, 115),
    (204, 121, 167),
    (240, 228, 66),
    (0, 114, 178),
    (230, 159, 0),
)


@dataclass(frozen=True)
class PictureSettings:
    """What is drawn of each slide, and how large.

    Attributes:
        heatmap: write ``heatmaps/<slide>_heatmap.png``.
        geojson: write ``geojson/<slide>.geojson``.
        contact_sheet: write ``contact_sheets/<slide>_tiles.png``.
        report: write ``reports/<slide>_report.html``, a page that holds these pictures.
        dicom_annotations: write ``dicom_annotations/<slide>.dcm``; of DICOM slides only.
        algorithm: name of the model in DICOM files.
        long_side_px: longer side of the heat map, at most.
        level: level drawn; ``None``: the finest.
        is_combined: the heat map shows the mean rank of all levels on the finest tiles.
        geojson_levels: levels in the GeoJSON; ``None``: the finest.
        is_packed: write ``.geojson.gz``, which QuPath 0.4 and later opens.
        top: tiles of highest attention on the contact sheet.
        bottom: tiles of lowest attention.
        columns: tiles a row of the contact sheet.
        tile_px: side at which its tiles are drawn.
    """

    heatmap: Any
    geojson: Any
    contact_sheet: Any
    long_side_px: int
    top: int
    bottom: int
    columns: int
    tile_px: int
    level: int | None = None
    is_combined: Any = False
    geojson_levels: Sequence[int] | None = None
    is_packed: Any = False
    report: Any = False
    dicom_annotations: Any = False
    algorithm: str = "monai_ext"

    def __post_init__(self) -> None:
        for name in (*_KINDS, "is_combined", "is_packed"):
            object.__setattr__(self, name, as_bool(getattr(self, name)))

    @property
    def is_wanted(self) -> bool:
        """Whether anything is drawn at all."""
        return any(getattr(self, name) for name in _KINDS)


class SlidePictures:
    """Writes the pictures of one slide after the other.

    Args:
        folder: gets a folder a kind of picture.
        settings: what is drawn.
        class_names: in label order; decides the colours in QuPath.
    """

    def __init__(
        self, folder: Path | str, settings: PictureSettings, class_names: Sequence[str]
    ) -> None:
        self.folder, self.settings, self.class_names = Path(folder), settings, list(class_names)

    def write_geojson(
        self,
        name: str,
        tiles: TileScores,
        slide: SlideReader | None,
        probabilities: Mapping[str, float],
        provenance: Provenance,
    ) -> None:
        """Tiles for QuPath, with the slide's probabilities and provenance as top-level members.

        All tiles get a class "slide predicted X": the prediction is the slide's, not the tile's.
        Without the slide its bounds are unknown and taken as none, which ``frame`` says.
        """
        frame = tiles_frame(tiles) if slide is None else slide_frame(slide.info)
        best, colour = self._predicted(probabilities)
        suffix = ".geojson.gz" if self.settings.is_packed else ".geojson"
        write_geojson(
            self.folder / "geojson" / f"{name}{suffix}",
            tiles,
            frame,
            levels=self.settings.geojson_levels,
            tile_class=TileClass(f"slide predicted {best}", colour),
            members={
                "provenance": provenance.mapping(),
                "prediction": dict(probabilities),
                "frame": {**asdict(frame), "is_bounds_known": slide is not None},
                "note": NOT_EVIDENCE,
            },
        )

    def write_dicom_annotations(
        self,
        name: str,
        tiles: TileScores,
        slide: SlideReader | None,
        probabilities: Mapping[str, float],
        provenance: Provenance,
    ) -> None:
        """Tiles with their attention for viewers of DICOM.

        Raises:
            SlideError: if the slide is not there, or is not DICOM.
            SettingError: if highdicom is not installed.
        """
        if slide is None:
            raise SlideError(
                f"slide {name} has no file",
                "DICOM annotations name the image that they are about",
                "give the folder of slides, or leave dicom_annotations out",
            )
        colour = self._predicted(probabilities)[1]
        frame, levels = slide_frame(slide.info), self.settings.geojson_levels
        write_dicom_annotations(
            self.folder / "dicom_annotations" / f"{name}.dcm",
            tile_annotations(tiles, frame, colour, levels),
            slide.info,
            self.settings.algorithm,
            provenance,
            description="attention of a network, not evidence of tumour",
        )

    def _predicted(self, probabilities: Mapping[str, float]) -> tuple[str, tuple[int, int, int]]:
        """The class of highest probability, and its colour."""
        best = max(self.class_names, key=lambda each: probabilities[each])
        return best, _COLOURS[self.class_names.index(best) % len(_COLOURS)]

    def write_heatmap(
        self,
        name: str,
        tiles: TileScores,
        slide: SlideReader | None,
        provenance: Provenance,
        *,
        mpp: float | None = None,
    ) -> Image.Image:
        """Heat map over the thumbnail, or on a plain ground without the slide."""
        picture = attention_heatmap(
            tiles,
            slide,
            long_side_px=self.settings.long_side_px,
            level=self.settings.level,
            is_combined=self.settings.is_combined,
            mpp=mpp,
            provenance=provenance.id,
        )
        path = self.folder / "heatmaps" / f"{name}_heatmap.png"
        write_png(path, picture, provenance=provenance.id)
        return picture

    def write_contact_sheet(
        self, name: str, tiles: TileScores, slide: SlideReader, provenance: Provenance
    ) -> Image.Image:
        """Tiles of highest and of lowest attention."""
        chosen = self.settings
        picture = contact_sheet(
            tiles,
            slide,
            top=chosen.top,
            bottom=chosen.bottom,
            columns=chosen.columns,
            tile_px=chosen.tile_px,
            level=chosen.level,
            provenance=provenance.id,
        )
        path = self.folder / "contact_sheets" / f"{name}_tiles.png"
        write_png(path, picture, provenance=provenance.id)
        return picture

    def write_report(
        self,
        name: str,
        tiles: TileScores,
        slide: SlideReader | None,
        probabilities: Mapping[str, float],
        provenance: Provenance,
        drawn: Mapping[str, Image.Image],
    ) -> None:
        """A page with thumbnail, the pictures drawn of this slide, probabilities, provenance."""
        pictures = dict(drawn)
        if slide is not None:
            thumbnail = Image.fromarray(thumbnail_canvas(slide, _THUMBNAIL_PX).image)
            pictures = {"Slide": thumbnail, **pictures}
        counts = {level_words(tiles.of_level(k)): (tiles.level == k).sum() for k in tiles.levels}
        facts = {f"tiles, {words}": str(count) for words, count in counts.items()}
        report = SlideReport(name, probabilities, provenance, pictures, facts)
        write_report(self.folder / "reports" / f"{name}_report.html", report)
