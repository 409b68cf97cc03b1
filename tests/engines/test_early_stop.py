"""Patience counts validations without improvement, across a pause too."""

import pytest
from ignite.engine import Engine, Events

from monai_ext.engines import EarlyStop

NAN = float("nan")


def engines(values, **kwargs):
    """A trainer whose validations give ``values`` in turn, and its early stop."""
    trainer = Engine(lambda engine, batch: None)
    evaluator = Engine(lambda engine, batch: None)
    stop = EarlyStop(metric="m", **kwargs)
    stop.attach(evaluator)
    turn = iter(values)

    def validate(engine):
        evaluator.state.metrics = {"m": next(turn)}
        evaluator.fire_event(Events.EPOCH_COMPLETED)

    trainer.add_event_handler(Events.EPOCH_COMPLETED, validate)
    return trainer, stop


def epochs(values, **kwargs):
    """How many epochs are trained before the stop, of as many as there are values."""
    trainer, stop = engines(values, **kwargs)
    stop.set_trainer(trainer)
    return trainer.run([0], max_epochs=len(values)).epoch


@pytest.mark.parametrize(
    ("values", "lower", "expected"),
    [
        ([0.5, 0.4, 0.45, 0.42, 0.9, 0.9], True, 4),
        ([0.5, 0.6, 0.55, 0.58, 0.1, 0.1], False, 4),
        ([0.5, 0.6, 0.55, 0.7, 0.1, 0.2, 0.9], False, 6),
        ([0.5, 0.5, 0.5, 0.9], False, 3),
        ([NAN, NAN, 0.5, NAN, NAN, 0.6], False, 5),
        ([0.5, 0.4, 0.3, 0.2], True, 4),
    ],
    ids=["loss", "auc", "improvement starts anew", "equal is none", "nan is none", "to the end"],
)
def test_training_ends_after_so_many_validations_without_improvement(values, lower, expected):
    assert epochs(values, patience=2, lower_is_better=lower) == expected


def test_a_pause_changes_nothing():
    """Three of the values before it, the others after it."""
    values = [0.5, 0.6, 0.55, 0.58, 0.9]
    first, stop = engines(values[:3], patience=2)
    stop.set_trainer(first)
    first.run([0], max_epochs=3)
    second, resumed = engines(values[3:], patience=2)
    resumed.set_trainer(second)
    resumed.load_state_dict(stop.state_dict())
    assert second.run([0], max_epochs=2).epoch == 1


def test_empty_state_of_a_run_without_validation_is_taken():
    trainer, stop = engines([0.5, 0.4, 0.3], patience=3)
    assert stop.state_dict() == {}
    stop.set_trainer(trainer)
    stop.load_state_dict({})
    assert trainer.run([0], max_epochs=3).epoch == 3


def test_forgotten_trainer_is_named():
    trainer, _ = engines([0.5], patience=1)
    with pytest.raises(RuntimeError, match=r"^EarlyStop\.set_trainer was not called before"):
        trainer.run([0], max_epochs=1)
