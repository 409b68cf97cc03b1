"""Every epoch has one row, of its own numbers."""

import csv
from types import SimpleNamespace

import pytest
import torch
from ignite.engine import Engine, Events

from monai_ext.engines import MetricsCsv, metrics_csv


@pytest.fixture
def optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)


def table(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def train(log, losses, *, epochs=2, first=0, handler=None):
    """Each batch is its loss; ``handler`` runs at each epoch's end before the log."""
    trainer = Engine(lambda engine, batch: [{"loss": torch.tensor(batch)}, {"loss": None}])
    if handler is not None:
        trainer.add_event_handler(Events.EPOCH_COMPLETED, handler)
    log.attach(trainer)
    if first:  # ignite goes on only where it knows how long an epoch is
        trainer.state.epoch, trainer.state.iteration = first, first * len(losses)
        trainer.state.max_epochs, trainer.state.epoch_length = first + epochs, len(losses)
    trainer.run(losses, max_epochs=first + epochs)


def test_row_has_the_rate_and_mean_loss_of_its_epoch_and_the_metrics(tmp_path, optimizer):
    evaluator = SimpleNamespace(state=SimpleNamespace(metrics={}))

    def validate(engine):
        evaluator.state.metrics = {"auc": torch.tensor(engine.state.epoch / 4)}
        optimizer.param_groups[0]["lr"] /= 2

    log = MetricsCsv(tmp_path / "metrics.csv", optimizer, evaluator=evaluator)
    train(log, [1.0, 2.0, 6.0], handler=validate)
    assert table(tmp_path / "metrics.csv") == [
        {"epoch": "1", "lr": "0.5", "train_loss": "3.0", "auc": "0.25"},
        {"epoch": "2", "lr": "0.25", "train_loss": "3.0", "auc": "0.5"},
    ]


def test_losses_of_one_epoch_do_not_reach_the_next(tmp_path, optimizer):
    log = MetricsCsv(tmp_path / "metrics.csv", optimizer)
    losses = [1.0, 3.0]
    train(log, losses, handler=lambda engine: losses.__setitem__(0, 5.0))
    assert [row["train_loss"] for row in log.rows] == [2.0, 4.0]


def test_a_metric_that_comes_later_gets_a_column(tmp_path, optimizer):
    evaluator = SimpleNamespace(state=SimpleNamespace(metrics={}))
    log = MetricsCsv(tmp_path / "metrics.csv", optimizer, evaluator=evaluator)
    train(log, [1.0], epochs=1)
    evaluator.state.metrics = {"auc": 0.5}
    train(log, [1.0], epochs=1, first=1)
    assert [row["auc"] for row in table(tmp_path / "metrics.csv")] == ["", "0.5"]


def test_resumed_rows_come_first(tmp_path, optimizer):
    before = MetricsCsv(tmp_path / "before.csv", optimizer)
    train(before, [1.0], epochs=2)
    after = MetricsCsv(tmp_path / "after.csv", optimizer)
    after.load_state_dict(before.state_dict())
    train(after, [2.0], epochs=1, first=2)
    assert [row["epoch"] for row in table(tmp_path / "after.csv")] == ["1", "2", "3"]


def test_a_state_is_that_of_its_epoch(tmp_path, optimizer):
    log = MetricsCsv(tmp_path / "metrics.csv", optimizer)
    train(log, [1.0], epochs=1)
    state = log.state_dict()
    train(log, [1.0], epochs=1, first=1)
    assert [row["epoch"] for row in state["rows"]] == [1]


def test_loss_is_the_mean_of_the_processes_and_the_first_writes(tmp_path, optimizer, monkeypatch):
    monkeypatch.setattr(metrics_csv, "process_mean", lambda value: value + 1)
    monkeypatch.setattr(metrics_csv.idist, "get_rank", lambda: 1)
    log = MetricsCsv(tmp_path / "metrics.csv", optimizer)
    train(log, [1.0, 3.0], epochs=1)
    assert log.rows == [{"epoch": 1, "lr": 0.5, "train_loss": 3.0}]
    assert not (tmp_path / "metrics.csv").exists()
