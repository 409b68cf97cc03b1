"""The average is its equation, soon forgets its start, and goes on where it was."""

import pytest
import torch
from ignite.engine import Engine

from monai_ext.engines.ema_teacher import EMATeacher


def network():
    return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))


def moved(net, step):
    for p in net.parameters():
        p.data.fill_(float(step))
    net[1].running_mean.fill_(10.0 * step)
    net[1].num_batches_tracked.fill_(step)


def test_the_average_is_its_equation():
    net = network()
    teacher = EMATeacher(net, 0.3)
    weight, mean = teacher.ema_model[0].weight.clone().double(), torch.zeros(3).double()
    for step in range(1, 8):
        moved(net, step)
        teacher.update()
        share = max(0.3, 1 / (step + 1))
        weight = (1 - share) * weight + share * step
        mean = (1 - share) * mean + share * 10 * step
    torch.testing.assert_close(teacher.ema_model[0].weight.double(), weight, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(teacher.ema_model[1].running_mean.double(), mean, rtol=1e-5, atol=0)
    assert teacher.ema_model[1].num_batches_tracked == 7


def test_it_takes_no_gradient_and_leaves_the_network_alone():
    net = network()
    teacher, before = EMATeacher(net, 0.5), net[0].weight.clone()
    teacher.update()
    assert not any(p.requires_grad for p in teacher.ema_model.parameters())
    assert not teacher.ema_model.training
    assert torch.equal(net[0].weight, before)


def test_it_follows_every_step_and_goes_on_where_it_was():
    net = network()
    one, two = EMATeacher(net, 0.01), EMATeacher(net, 0.01)
    engine = Engine(lambda _e, step: moved(net, step))
    one.attach(engine)
    engine.run(range(1, 6))
    assert one.steps == 5
    two.load_state_dict(one.state_dict())
    two.ema_model.load_state_dict(one.ema_model.state_dict())
    moved(net, 9)
    one.update()
    two.update()
    assert torch.equal(one.ema_model[0].weight, two.ema_model[0].weight)
    assert two.ema_model[0].weight[0, 0].item() == pytest.approx(3 + (9 - 3) / 7, abs=0.8)
