"""One warning, when the use of prototypes is uneven, with its remedy."""

import logging

from ignite.engine import Engine, Events

from monai_ext.engines.collapse_watch import CollapseWatch


def run(values, caplog):
    engine = Engine(lambda _engine, _batch: None)
    shares = iter(values)

    @engine.on(Events.EPOCH_COMPLETED)
    def put(engine):
        value = next(shares)
        engine.state.metrics = {} if value is None else {"prototype_entropy": value}

    CollapseWatch(0.5).attach(engine)
    with caplog.at_level(logging.WARNING):
        engine.run([0], max_epochs=len(values))
    return [record.getMessage() for record in caplog.records]


def test_even_use_and_no_prototypes_are_silent(caplog):
    assert run([0.9, 0.5, None], caplog) == []


def test_uneven_use_is_said_once(caplog):
    (message,) = run([0.7, 0.31, 0.2], caplog)
    assert "entropy 0.31 of log K, below 0.50; " in message
    assert message.endswith("(epoch 2)")
    assert "--assign sinkhorn" in message
