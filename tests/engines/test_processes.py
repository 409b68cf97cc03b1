"""What torchrun says is what a run believes; without it there is one process."""

import pytest
import torch

from monai_ext.engines import Processes, processes
from monai_ext.engines.processes import process_mean
from monai_ext.errors import SettingError


def test_without_torchrun_there_is_one(monkeypatch):
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    found = Processes()
    found.start()
    assert (found.rank, found.count, found.is_first) == (0, 1, True)
    assert process_mean(1.5) == 1.5
    found.stop()


def test_torchruns_numbers_are_read(monkeypatch):
    monkeypatch.setenv("RANK", "3")
    monkeypatch.setenv("WORLD_SIZE", "4")
    found = Processes()
    assert (found.rank, found.count, found.is_first) == (3, 4, False)


def test_each_process_has_a_cuda_device_of_its_own(monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "2")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    found = Processes()
    assert found.device == torch.device("cuda:2")
    with pytest.raises(SettingError, match=r"process 2 .* has 2 CUDA devices.*nproc_per_node=2"):
        found.start()


def test_means_are_of_all_processes(monkeypatch):
    monkeypatch.setattr(processes.idist, "get_world_size", lambda: 2)
    monkeypatch.setattr(processes.idist, "all_reduce", lambda value: value + 3.0)
    assert process_mean(1.0) == 2.0
