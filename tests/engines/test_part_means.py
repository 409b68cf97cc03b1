"""Parts of a loss are averaged over their own epoch."""

import torch
from ignite.engine import Engine, Events

from monai_ext.engines.part_means import PartMeans


class Objective:
    def __init__(self):
        self.parts = {}


def test_means_are_of_one_epoch_each():
    objective = Objective()

    def step(_engine, value):
        objective.parts = {"a": torch.tensor(value, requires_grad=True), "b": torch.tensor(1.0)}
        return value

    engine, seen = Engine(step), []
    PartMeans(objective).attach(engine)
    engine.add_event_handler(Events.EPOCH_COMPLETED, lambda e: seen.append(dict(e.state.metrics)))
    engine.run([1.0, 2.0, 6.0], max_epochs=1)
    engine.state.epoch = 0
    engine.run([5.0, 7.0], max_epochs=1, epoch_length=2)
    assert seen == [{"a": 3.0, "b": 1.0}, {"a": 6.0, "b": 1.0}]
