"""The bar counts epochs, shows the last row, and keeps quiet where nobody looks."""

import re

import pytest
from ignite.engine import Engine, Events

from monai_ext.engines import TrainingProgress


class Log:
    """The rows of a metrics log."""

    def __init__(self):
        self.rows = []


def shown(capsys, *, show, first=0, stop_after=None, row=None):
    trainer, log = Engine(lambda engine, batch: None), Log()

    def add(engine):
        log.rows += (
            [{"epoch": engine.state.epoch, "lr": 0.5, **row, "auc": engine.state.epoch / 4}]
            if row
            else []
        )
        if engine.state.epoch == stop_after:
            engine.terminate()

    trainer.add_event_handler(Events.EPOCH_COMPLETED, add)
    TrainingProgress(log, show=show).attach(trainer)
    if first:  # ignite goes on only where it knows how long an epoch is
        trainer.state.epoch = trainer.state.iteration = first
        trainer.state.max_epochs, trainer.state.epoch_length = 4, 1
    trainer.run([0], max_epochs=4)
    return capsys.readouterr().err


def test_last_picture_has_all_epochs_and_the_last_row(capsys):
    text = shown(capsys, show=True, row={"train_loss": 0.12345})
    assert re.search(r" 4/4 .*epoch/s, train_loss=0\.123, auc=1\.000\] *\n$", text.split("\r")[-1])


def test_resumed_run_starts_where_it_is(capsys):
    assert "2/4" in shown(capsys, show=True, first=2).split("\r")[1]


def test_bar_is_closed_where_the_run_was_stopped(capsys):
    text = shown(capsys, show=True, stop_after=2)
    assert "2/4" in text.split("\r")[-1]
    assert text.endswith("\n")


@pytest.mark.parametrize("show", [None, False])
def test_nothing_is_written_where_there_is_no_terminal(capsys, show):
    assert shown(capsys, show=show, row={"auc": 0.5}) == ""
