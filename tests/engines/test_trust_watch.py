"""One warning, when pseudo-labels are of some classes alone."""

import logging

from ignite.engine import Engine, Events

from monai_ext.engines.trust_watch import TrustWatch


def run(values, caplog):
    engine = Engine(lambda _engine, _batch: None)
    metrics = iter(values)

    @engine.on(Events.EPOCH_COMPLETED)
    def put(engine):
        engine.state.metrics = next(metrics)

    TrustWatch().attach(engine)
    with caplog.at_level(logging.WARNING):
        engine.run([0], max_epochs=len(values))
    return [record.getMessage() for record in caplog.records]


def test_supervised_training_little_trust_and_trust_in_all_classes_are_silent(caplog):
    sound = [{}, {"confident": 0.04, "confident_least": 0.0}]
    assert run([*sound, {"confident": 0.4, "confident_least": 0.005}], caplog) == []


def test_a_class_that_is_never_trusted_is_said_once(caplog):
    bad = {"confident": 0.31, "confident_least": 0.003}
    (message,) = run([{"confident": 0.0, "confident_least": 0.0}, bad, bad], caplog)
    assert message.startswith("31 % of the unlabelled pixels are trusted, but hardly one of some")
    assert "(epoch 2)" in message
    assert "--head_rate" in message
