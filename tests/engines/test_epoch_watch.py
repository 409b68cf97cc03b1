"""Looks until it has found something, and says it once."""

import logging

from ignite.engine import Engine

from monai_ext.engines.epoch_watch import EpochWatch


class Watch(EpochWatch):
    def __init__(self, answers):
        self.answers, self.seen = iter(answers), []

    def fault(self, metrics):
        self.seen.append(dict(metrics))
        return next(self.answers)


def test_the_first_fault_is_said_with_its_epoch_and_then_nobody_looks(caplog):
    watch, other = Watch([None, "too low", "lower"]), Watch([None] * 3)
    engine = Engine(lambda _engine, _batch: None)
    engine.state.metrics = {"share": 0.5}
    watch.attach(engine)
    other.attach(engine)
    with caplog.at_level(logging.WARNING):
        engine.run([0], max_epochs=3)
    assert [record.getMessage() for record in caplog.records] == ["too low (epoch 2)"]
    assert len(watch.seen) == 2
    assert watch.seen[0] == {"share": 0.5}
    assert len(other.seen) == 3, "one that has warned does not silence another"
