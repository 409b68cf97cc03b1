"""The first loss that is no number ends training before the weights are touched."""

import pytest
import torch
from monai.engines import SupervisedTrainer

from monai_ext.engines.loss_guard import LossGuard
from monai_ext.errors import SettingError


def train(values):
    network = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
    data = [{"image": torch.full((1, 1), v), "label": torch.zeros(1, 1)} for v in values]
    trainer = SupervisedTrainer(
        torch.device("cpu"),
        1,
        data,
        network,
        optimizer,
        lambda p, _y: p.sum(),
        train_handlers=[LossGuard()],
        epoch_length=len(data),
    )
    return trainer, network


def test_numbers_pass():
    trainer, _ = train([1.0, -2.0])
    trainer.run()
    assert trainer.state.iteration == 2


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_stops_before_the_step(value):
    trainer, network = train([0.5, value, 1.0])
    with pytest.raises(SettingError, match="the loss of step 2 is"):
        trainer.run()
    assert torch.isfinite(network.weight).all()
    assert trainer.state.iteration == 2
