"""Engines and handlers that MONAI lacks."""

from monai_ext.engines.assignment_map import AssignmentMap
from monai_ext.engines.branch_inferer import BranchInferer
from monai_ext.engines.cause_last import show_cause_last
from monai_ext.engines.collapse_watch import CollapseWatch
from monai_ext.engines.early_stop import EarlyStop
from monai_ext.engines.ema_teacher import EMATeacher
from monai_ext.engines.extraction import FeatureExtractor, extract_features
from monai_ext.engines.extraction_book import ExtractionOutcome
from monai_ext.engines.extraction_encoder import build_extraction_encoder
from monai_ext.engines.extraction_estimate import ExtractionEstimate
from monai_ext.engines.extraction_grid import SlideToGrid
from monai_ext.engines.extraction_settings import ExtractionSettings
from monai_ext.engines.extraction_slides import find_slides
from monai_ext.engines.extraction_store import SaveFeatures
from monai_ext.engines.freed_memory import keep_freed_memory
from monai_ext.engines.inference_input import InferenceInput
from monai_ext.engines.inference_run import InferenceRun
from monai_ext.engines.initial_weights import begin_from
from monai_ext.engines.joint_reconstruction import JointReconstruction, Reconstruction
from monai_ext.engines.level_choice import require_levels
from monai_ext.engines.loss_guard import LossGuard
from monai_ext.engines.mask_check import check_masks
from monai_ext.engines.metrics_csv import MetricsCsv
from monai_ext.engines.objective_inferer import ObjectiveInferer
from monai_ext.engines.paired_batch import prepare_paired_batch
from monai_ext.engines.parameter_groups import segmentation_parameters
from monai_ext.engines.part_means import PartMeans
from monai_ext.engines.plain_errors import plain_errors
from monai_ext.engines.process_sync import ProcessSync
from monai_ext.engines.processes import Processes
from monai_ext.engines.prototype_objective import PrototypeObjective
from monai_ext.engines.prototype_setup import build_prototype_objective
from monai_ext.engines.run_checkpoint import RunCheckpoint
from monai_ext.engines.seed_epochs import SeedEpochs, epoch_seed
from monai_ext.engines.segment_inferer import SlideWindowInferer, segment_slide
from monai_ext.engines.segment_input import SegmentationInput
from monai_ext.engines.segment_settings import SegmentationSettings
from monai_ext.engines.segment_source import SlideToSegment, SlideToSegmentd
from monai_ext.engines.segmentation_loading import (
    check_selection,
    check_ssl,
    items_to_score,
    load_segmentation_split,
    load_text_prototypes,
    network_mpp,
)
from monai_ext.engines.segmentation_metrics import dice_metric, iou_metric
from monai_ext.engines.selection import is_lower, metric_score
from monai_ext.engines.semi_supervised import (
    ConsistencySettings,
    SegmentationTerms,
    SemiSupervised,
    UnlabelledTerms,
)
from monai_ext.engines.sigterm import exit_on_sigterm
from monai_ext.engines.split_loading import load_split
from monai_ext.engines.standardization import fit_standardization
from monai_ext.engines.text_at_test import TextAtTest
from monai_ext.engines.text_loading import load_texts
from monai_ext.engines.text_start import alignment_warning, fit_vision_prototypes, start_from_texts
from monai_ext.engines.training_progress import TrainingProgress
from monai_ext.engines.training_run import TrainingRun
from monai_ext.engines.trust_watch import TrustWatch
from monai_ext.engines.validation_metrics import auc_metric, auc_of_logits, loss_metric

__all__ = [
    "AssignmentMap",
    "BranchInferer",
    "CollapseWatch",
    "ConsistencySettings",
    "EMATeacher",
    "EarlyStop",
    "ExtractionEstimate",
    "ExtractionOutcome",
    "ExtractionSettings",
    "FeatureExtractor",
    "InferenceInput",
    "InferenceRun",
    "JointReconstruction",
    "LossGuard",
    "MetricsCsv",
    "ObjectiveInferer",
    "PartMeans",
    "ProcessSync",
    "Processes",
    "PrototypeObjective",
    "Reconstruction",
    "RunCheckpoint",
    "SaveFeatures",
    "SeedEpochs",
    "SegmentationInput",
    "SegmentationSettings",
    "SegmentationTerms",
    "SemiSupervised",
    "SlideToGrid",
    "SlideToSegment",
    "SlideToSegmentd",
    "SlideWindowInferer",
    "TextAtTest",
    "TrainingProgress",
    "TrainingRun",
    "TrustWatch",
    "UnlabelledTerms",
    "alignment_warning",
    "auc_metric",
    "auc_of_logits",
    "begin_from",
    "build_extraction_encoder",
    "build_prototype_objective",
    "check_masks",
    "check_selection",
    "check_ssl",
    "dice_metric",
    "epoch_seed",
    "exit_on_sigterm",
    "extract_features",
    "find_slides",
    "fit_standardization",
    "fit_vision_prototypes",
    "iou_metric",
    "is_lower",
    "items_to_score",
    "keep_freed_memory",
    "load_segmentation_split",
    "load_split",
    "load_text_prototypes",
    "load_texts",
    "loss_metric",
    "metric_score",
    "network_mpp",
    "plain_errors",
    "prepare_paired_batch",
    "require_levels",
    "segment_slide",
    "segmentation_parameters",
    "show_cause_last",
    "start_from_texts",
]
