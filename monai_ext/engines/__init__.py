"""Engines and handlers that MONAI lacks."""

from monai_ext.engines.branch_inferer import BranchInferer
from monai_ext.engines.early_stop import EarlyStop
from monai_ext.engines.extraction import FeatureExtractor, extract_features
from monai_ext.engines.extraction_book import ExtractionOutcome
from monai_ext.engines.extraction_encoder import build_extraction_encoder
from monai_ext.engines.extraction_estimate import ExtractionEstimate
from monai_ext.engines.extraction_grid import SlideToGrid
from monai_ext.engines.extraction_settings import ExtractionSettings
from monai_ext.engines.extraction_slides import find_slides
from monai_ext.engines.extraction_store import SaveFeatures
from monai_ext.engines.inference_input import InferenceInput
from monai_ext.engines.inference_run import InferenceRun
from monai_ext.engines.joint_reconstruction import JointReconstruction, Reconstruction
from monai_ext.engines.level_choice import require_levels
from monai_ext.engines.metrics_csv import MetricsCsv
from monai_ext.engines.objective_inferer import ObjectiveInferer
from monai_ext.engines.plain_errors import plain_errors
from monai_ext.engines.run_checkpoint import RunCheckpoint
from monai_ext.engines.seed_epochs import SeedEpochs, epoch_seed
from monai_ext.engines.selection import is_lower, metric_score
from monai_ext.engines.sigterm import exit_on_sigterm
from monai_ext.engines.split_loading import load_split
from monai_ext.engines.standardization import fit_standardization
from monai_ext.engines.text_at_test import TextAtTest
from monai_ext.engines.text_loading import load_texts
from monai_ext.engines.text_start import alignment_warning, fit_vision_prototypes, start_from_texts
from monai_ext.engines.training_progress import TrainingProgress
from monai_ext.engines.training_run import TrainingRun
from monai_ext.engines.validation_metrics import auc_metric, auc_of_logits, loss_metric

__all__ = [
    "BranchInferer",
    "EarlyStop",
    "ExtractionEstimate",
    "ExtractionOutcome",
    "ExtractionSettings",
    "FeatureExtractor",
    "InferenceInput",
    "InferenceRun",
    "JointReconstruction",
    "MetricsCsv",
    "ObjectiveInferer",
    "Reconstruction",
    "RunCheckpoint",
    "SaveFeatures",
    "SeedEpochs",
    "SlideToGrid",
    "TextAtTest",
    "TrainingProgress",
    "TrainingRun",
    "alignment_warning",
    "auc_metric",
    "auc_of_logits",
    "build_extraction_encoder",
    "epoch_seed",
    "exit_on_sigterm",
    "extract_features",
    "find_slides",
    "fit_standardization",
    "fit_vision_prototypes",
    "is_lower",
    "load_split",
    "load_texts",
    "loss_metric",
    "metric_score",
    "plain_errors",
    "require_levels",
    "start_from_texts",
]
