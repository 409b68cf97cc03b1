"""What the processes tell each other, with the other process played by numbers.

``tests/bundles/test_several_processes.py`` has two real ones.
"""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from monai_ext.engines import ProcessSync, process_sync


class Module(nn.Module):
    def __init__(self, *names):
        super().__init__()
        for name in names:
            self.register_parameter(name, nn.Parameter(torch.ones(2)))
        self.register_buffer("mean", torch.tensor([1.0, 3.0]))
        self.register_buffer("steps", torch.tensor(7))


@pytest.fixture
def other(monkeypatch):
    """Values that the other of two processes adds, message by message."""
    told: list[torch.Tensor] = []

    def all_reduce(value):
        value += told.pop(0)

    group = SimpleNamespace(
        all_reduce=all_reduce,
        broadcast=lambda value, _: value.copy_(told.pop(0)),
    )
    monkeypatch.setattr(process_sync, "distributed", group)
    monkeypatch.setattr(process_sync.idist, "get_world_size", lambda: 2)
    return told


def test_a_gradient_is_the_mean_and_a_missing_one_counts_as_zero(other):
    module = Module("both", "mine", "theirs", "none")
    module.both.grad, module.mine.grad = torch.tensor([1.0, 2.0]), torch.tensor([4.0, 6.0])
    other += [torch.tensor([1.0, 0, 1, 0]), torch.tensor([3.0, 4, 0, 0, 10, 20])]
    ProcessSync([module]).average_gradients()
    assert module.both.grad.tolist() == [2, 3]
    assert module.mine.grad.tolist() == [2, 3]
    assert module.theirs.grad.tolist() == [5, 10]
    assert module.none.grad is None, "an optimiser would decay its weight"
    assert other == []


def test_frozen_weights_send_nothing(other):
    module = Module("weight").requires_grad_(requires_grad=False)
    ProcessSync([module, None]).average_gradients()
    assert other == []


def test_running_statistics_are_means_and_counters_the_firsts(other):
    module = Module()
    other += [torch.tensor([3.0, 5.0]), torch.tensor(9)]
    ProcessSync([module]).average_statistics()
    assert module.mean.tolist() == [2, 4]
    assert module.steps == 9


def test_at_the_start_all_take_the_firsts_weights(other):
    module = Module("weight")
    other += [torch.tensor([5.0, 6.0]), torch.tensor([7.0, 8.0]), torch.tensor(3)]
    ProcessSync([module]).share_weights()
    assert module.weight.tolist() == [5, 6]
    assert module.mean.tolist() == [7, 8]
    assert module.steps == 3


def test_what_two_modules_share_is_averaged_once(other):
    module = Module("weight")
    module.weight.grad = torch.tensor([2.0, 4.0])
    other += [torch.ones(1), torch.zeros(2)]
    ProcessSync([module, nn.Sequential(module)]).average_gradients()
    assert module.weight.grad.tolist() == [1, 2]


def test_one_process_changes_nothing():
    module = Module("weight")
    module.weight.grad = torch.tensor([2.0, 4.0])
    sync = ProcessSync([module])
    sync.share_weights()
    sync.average_gradients()
    sync.average_statistics()
    assert module.weight.grad.tolist() == [2, 4]
    assert module.mean.tolist() == [1, 3]
