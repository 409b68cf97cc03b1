"""Experiments: cross-validation, prediction with a run, and what their numbers say."""

from monai_ext.experiments.baseline import mean_pool_logistic
from monai_ext.experiments.bootstrap import Interval, bootstrap_difference, bootstrap_interval
from monai_ext.experiments.bundle_run import find_bundle, run_bundle, run_config
from monai_ext.experiments.corrected_t import CorrectedT, corrected_resampled_t
from monai_ext.experiments.crossval import FoldResult, cross_validate, pooled
from monai_ext.experiments.crossval_report import slide_metrics, write_report
from monai_ext.experiments.demo import demo
from monai_ext.experiments.metrics import CLASSIFICATION_METRICS, classification_metrics
from monai_ext.experiments.predict import predict
from monai_ext.experiments.results_table import results_table
from monai_ext.experiments.text_control_table import text_controls

__all__ = [
    "CLASSIFICATION_METRICS",
    "CorrectedT",
    "FoldResult",
    "Interval",
    "bootstrap_difference",
    "bootstrap_interval",
    "classification_metrics",
    "corrected_resampled_t",
    "cross_validate",
    "demo",
    "find_bundle",
    "mean_pool_logistic",
    "pooled",
    "predict",
    "results_table",
    "run_bundle",
    "run_config",
    "slide_metrics",
    "text_controls",
    "write_report",
]
