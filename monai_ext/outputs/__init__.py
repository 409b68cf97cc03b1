"""Predictions, pictures and records that leave the product."""

from monai_ext.outputs.attention_rank import combined_rank, percentile_rank, rank_within_levels
from monai_ext.outputs.bag_tiles import bag_tiles
from monai_ext.outputs.contact_sheet import contact_sheet
from monai_ext.outputs.geojson import TileClass, write_geojson
from monai_ext.outputs.heatmap import attention_heatmap
from monai_ext.outputs.inference_values import read_inference_values
from monai_ext.outputs.png import write_png
from monai_ext.outputs.predictions import (
    Prediction,
    PredictionTable,
    patient_predictions,
    prediction_table,
    read_predictions,
    write_predictions,
)
from monai_ext.outputs.prototype_sheets import PrototypeSheets
from monai_ext.outputs.provenance import Provenance
from monai_ext.outputs.run_files import RunFiles, bundle_folder
from monai_ext.outputs.run_json import RunRecord, read_run_json, write_run_json
from monai_ext.outputs.segmentation_files import SegmentationFiles
from monai_ext.outputs.segmentation_outputs import SegmentationOutputs
from monai_ext.outputs.segmentation_panels import SegmentationPanels
from monai_ext.outputs.segmentation_run_files import SegmentationRunFiles
from monai_ext.outputs.segmentation_scores import SegmentationScores
from monai_ext.outputs.slide_frame import SlideFrame, slide_frame, tiles_frame
from monai_ext.outputs.slide_outputs import SlideOutputs
from monai_ext.outputs.slide_pictures import PictureSettings
from monai_ext.outputs.tile_scores import TileScores, tile_scores

__all__ = [
    "PictureSettings",
    "Prediction",
    "PredictionTable",
    "PrototypeSheets",
    "Provenance",
    "RunFiles",
    "RunRecord",
    "SegmentationFiles",
    "SegmentationOutputs",
    "SegmentationPanels",
    "SegmentationRunFiles",
    "SegmentationScores",
    "SlideFrame",
    "SlideOutputs",
    "TileClass",
    "TileScores",
    "attention_heatmap",
    "bag_tiles",
    "bundle_folder",
    "combined_rank",
    "contact_sheet",
    "patient_predictions",
    "percentile_rank",
    "prediction_table",
    "rank_within_levels",
    "read_inference_values",
    "read_predictions",
    "read_run_json",
    "slide_frame",
    "tile_scores",
    "tiles_frame",
    "write_geojson",
    "write_png",
    "write_predictions",
    "write_run_json",
]
