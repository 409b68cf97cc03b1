"""Whole-slide images: reading, tissue, tile grid."""

from monai_ext.wsi.grid import LevelTiles, TileGrid, build_grid
from monai_ext.wsi.grid_spec import GridSpec
from monai_ext.wsi.info import SlideInfo, StoredLevel, require_mpp
from monai_ext.wsi.open_slide import open_slide
from monai_ext.wsi.read_area import read_area
from monai_ext.wsi.slide_reader import SlideReader
from monai_ext.wsi.thumbnail import read_thumbnail
from monai_ext.wsi.tiles import read_level_tiles, read_tiles
from monai_ext.wsi.tissue import segment_tissue
from monai_ext.wsi.tissue_geojson import tissue_from_geojson, tissue_to_geojson
from monai_ext.wsi.tissue_image import tissue_from_image
from monai_ext.wsi.tissue_mask import TissueMask

__all__ = [
    "GridSpec",
    "LevelTiles",
    "SlideInfo",
    "SlideReader",
    "StoredLevel",
    "TileGrid",
    "TissueMask",
    "build_grid",
    "open_slide",
    "read_area",
    "read_level_tiles",
    "read_thumbnail",
    "read_tiles",
    "require_mpp",
    "segment_tissue",
    "tissue_from_geojson",
    "tissue_from_image",
    "tissue_to_geojson",
]
