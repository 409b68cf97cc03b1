"""The processes of a run that trains on several devices at once."""

from __future__ import annotations

import os
from collections.abc import Sequence

import torch
from torch import distributed

from monai_ext.errors import SettingError


def is_several() -> bool:
    """Whether this process trains together with others."""
    return distributed.is_available() and distributed.is_initialized()


def process_rank() -> int:
    """Number of this process, 0 where there is one only."""
    return distributed.get_rank() if is_several() else 0


def mean_over_processes(values: Sequence[float]) -> list[float]:
    """Mean of each value over all processes, the same in all; in one process the values."""
    if not is_several():
        return list(values)
    device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
    total = torch.tensor(values, dtype=torch.float64, device=device)
    distributed.all_reduce(total)
    return (total / distributed.get_world_size()).tolist()


class Processes:
    """What a config needs to know of the processes that ``torchrun`` started.

    Without ``torchrun`` it is one process, so the same config trains on one device too. With CUDA
    each process has the device of its local rank and they talk by NCCL, otherwise they talk by
    Gloo on the CPU.

    Attributes:
        rank: of this process, 0 for the first.
        count: of processes.
        device: that this process trains on.
    """

    def __init__(self) -> None:
        self.rank = int(os.environ.get("RANK", "0"))
        self.count = int(os.environ.get("WORLD_SIZE", "1"))
        local, has_cuda = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.is_available()
        self.device = torch.device(f"cuda:{local}" if has_cuda else "cpu")

    @property
    def is_first(self) -> bool:
        """Whether this process writes the files of the run."""
        return self.rank == 0

    def start(self) -> None:
        """Join the other processes.

        Raises:
            SettingError: if there are more processes on this machine than CUDA devices.
        """
        if self.device.type == "cuda":
            found = torch.cuda.device_count()
            if self.device.index >= found:
                raise SettingError(
                    f"process {self.device.index} of this machine, which has {found} CUDA devices",
                    "every process trains on a device of its own",
                    f"start {found} by --nproc_per_node={found}",
                )
            torch.cuda.set_device(self.device)
        if self.count > 1 and not distributed.is_initialized():
            distributed.init_process_group("nccl" if self.device.type == "cuda" else "gloo")

    def stop(self) -> None:
        """Leave the other processes."""
        if is_several():
            distributed.destroy_process_group()
