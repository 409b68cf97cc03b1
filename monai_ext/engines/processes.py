"""The processes of a run that trains on several devices at once."""

from __future__ import annotations

import os

import ignite.distributed as idist
import torch

from monai_ext.errors import SettingError


def process_mean(value: float) -> float:
    """Mean over all processes, the same in all; in one process the value."""
    return float(idist.all_reduce(value)) / idist.get_world_size()


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
        if self.count > 1 and idist.get_world_size() == 1:
            idist.initialize("nccl" if self.device.type == "cuda" else "gloo")

    def stop(self) -> None:
        """Leave the other processes."""
        idist.finalize()
