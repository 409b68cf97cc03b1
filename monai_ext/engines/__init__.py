"""Engines and handlers that MONAI lacks."""

from monai_ext.engines.early_stop import EarlyStop
from monai_ext.engines.metrics_csv import MetricsCsv
from monai_ext.engines.plain_errors import plain_errors
from monai_ext.engines.run_checkpoint import RunCheckpoint
from monai_ext.engines.seed_epochs import SeedEpochs, epoch_seed
from monai_ext.engines.selection import is_lower, metric_score
from monai_ext.engines.sigterm import exit_on_sigterm
from monai_ext.engines.training_run import TrainingRun

__all__ = [
    "EarlyStop",
    "MetricsCsv",
    "RunCheckpoint",
    "SeedEpochs",
    "TrainingRun",
    "epoch_seed",
    "exit_on_sigterm",
    "is_lower",
    "metric_score",
    "plain_errors",
]
