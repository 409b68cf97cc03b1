"""Experiments: cross-validation, prediction with a run, and what their numbers say."""

from monai_ext.experiments.baseline import mean_pool_logistic
from monai_ext.experiments.bootstrap import Interval, bootstrap_difference, bootstrap_interval
from monai_ext.experiments.bundle_run import find_bundle, run_bundle, run_config
from monai_ext.experiments.compare import compare
from monai_ext.experiments.corrected_t import CorrectedT, corrected_resampled_t
from monai_ext.experiments.crossval import FoldResult, cross_validate, pooled
from monai_ext.experiments.crossval_report import slide_metrics, write_report
from monai_ext.experiments.crossval_run import report_crossval, run_crossval
from monai_ext.experiments.demo import demo
from monai_ext.experiments.export_verb import export
from monai_ext.experiments.holm import holm
from monai_ext.experiments.metrics import CLASSIFICATION_METRICS, classification_metrics
from monai_ext.experiments.nested_bootstrap import nested_bootstrap_interval
from monai_ext.experiments.paired_difference import PairedDifference, paired_difference
from monai_ext.experiments.patient_jackknife import JackknifeT, patient_jackknife
from monai_ext.experiments.predict import predict
from monai_ext.experiments.results_table import results_table
from monai_ext.experiments.search_space import SearchSpace, read_space
from monai_ext.experiments.segmentation_report import (
    SegmentationReport,
    SummaryLine,
    segmentation_report,
)
from monai_ext.experiments.segmentation_summary import SegmentationSummary
from monai_ext.experiments.shard import Shard, read_shard
from monai_ext.experiments.text_control_table import text_controls
from monai_ext.experiments.tune import Budget, tune
from monai_ext.experiments.tuned_settings import TunedSettings, read_settings

__all__ = [
    "CLASSIFICATION_METRICS",
    "Budget",
    "CorrectedT",
    "FoldResult",
    "Interval",
    "JackknifeT",
    "PairedDifference",
    "SearchSpace",
    "SegmentationReport",
    "SegmentationSummary",
    "Shard",
    "SummaryLine",
    "TunedSettings",
    "bootstrap_difference",
    "bootstrap_interval",
    "classification_metrics",
    "compare",
    "corrected_resampled_t",
    "cross_validate",
    "demo",
    "export",
    "find_bundle",
    "holm",
    "mean_pool_logistic",
    "nested_bootstrap_interval",
    "paired_difference",
    "patient_jackknife",
    "pooled",
    "predict",
    "read_settings",
    "read_shard",
    "read_space",
    "report_crossval",
    "results_table",
    "run_bundle",
    "run_config",
    "run_crossval",
    "segmentation_report",
    "slide_metrics",
    "text_controls",
    "tune",
    "write_report",
]
