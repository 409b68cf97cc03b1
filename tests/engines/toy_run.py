"""A small training run assembled as a bundle does it, in plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from monai.engines import SupervisedEvaluator, SupervisedTrainer
from monai.handlers import IgniteMetricHandler, LrScheduleHandler, ValidationHandler, from_engine
from torch.utils.data import DataLoader

from monai_ext.engines import (
    EarlyStop,
    MetricsCsv,
    RunCheckpoint,
    SeedEpochs,
    TrainingRun,
    is_lower,
)


@dataclass
class ToyRun:
    """The parts that a test looks at."""

    run: TrainingRun
    trainer: SupervisedTrainer
    evaluator: SupervisedEvaluator
    network: torch.nn.Module

    def start(self) -> None:
        self.run.run(self.trainer)


def toy_items(count: int, seed: int) -> list[dict[str, torch.Tensor]]:
    """Random vectors whose label is the sign of their first number."""
    values = torch.randn(count, 6, generator=torch.Generator().manual_seed(seed))
    return [{"image": v, "label": (v[0] > 0).long()} for v in values]


def make_toy_run(
    folder: Path,
    *,
    max_epochs: int = 4,
    resume: object = False,
    seed: int = 0,
    patience: int = 50,
    validate: bool = True,
) -> ToyRun:
    torch.manual_seed(7)  # noqa: TID251  initial weights
    network = torch.nn.Sequential(
        torch.nn.Linear(6, 8), torch.nn.Dropout(0.5), torch.nn.Tanh(), torch.nn.Linear(8, 2)
    )
    loss = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
    early_stop = EarlyStop(patience, "val_loss", lower_is_better=True)
    evaluator = SupervisedEvaluator(
        device=torch.device("cpu"),
        val_data_loader=DataLoader(toy_items(8, 1), batch_size=4),
        network=network,
        key_val_metric={
            "val_loss": IgniteMetricHandler(
                loss_fn=loss, output_transform=from_engine(["pred", "label"])
            )
        },
        metric_cmp_fn=is_lower,
        val_handlers=[early_stop],
    )
    found = evaluator if validate else None
    log = MetricsCsv(folder / "metrics.csv", optimizer, evaluator=found)
    parts = {"optimizer": optimizer, "schedule": schedule, "early_stop": early_stop, "log": log}
    checkpoint = RunCheckpoint(
        folder, network, parts, evaluator=found, fingerprint={"seed": seed, "split": "abc"}
    )
    handlers = [SeedEpochs(seed), LrScheduleHandler(schedule, print_lr=False)]
    handlers += [ValidationHandler(1, evaluator)] if validate else []
    trainer = SupervisedTrainer(
        device=torch.device("cpu"),
        max_epochs=max_epochs,
        train_data_loader=DataLoader(toy_items(12, 0), batch_size=2, shuffle=True),
        network=network,
        optimizer=optimizer,
        loss_function=loss,
        train_handlers=[*handlers, log, checkpoint],
        accumulation_steps=2,
    )
    run = TrainingRun(folder, checkpoint, resume=resume, early_stop=early_stop)
    return ToyRun(run, trainer, evaluator, network)
