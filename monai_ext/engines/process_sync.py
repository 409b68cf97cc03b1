"""Several processes train one network: gradients are averaged after ``backward``."""

from __future__ import annotations

from collections.abc import Sequence

import ignite.distributed as idist
import torch
from ignite.engine import Events
from monai.engines import IterationEvents, Trainer
from torch import Tensor, distributed, nn


class ProcessSync:
    """Keeps the networks of all processes equal.

    At the start all take the first process's weights. After each ``backward`` all take the mean of
    the gradients; a parameter that got none in one process counts as 0 there, and stays without
    where no process has one. After each epoch, before validation, all take the mean of the running
    statistics. Unlike ``DistributedDataParallel`` it does not wrap the network, so an objective
    may call it in parts, several times, or not use all of it.

    Attach it before all other handlers. With one process it does nothing.

    Args:
        modules: networks and objectives with weights or buffers.
    """

    def __init__(self, modules: Sequence[nn.Module | None]) -> None:
        self.modules = nn.ModuleList([module for module in modules if module is not None])

    def attach(self, engine: Trainer) -> None:
        """Follow the steps of a trainer."""
        engine.add_event_handler(Events.STARTED, self.share_weights)
        engine.add_event_handler(IterationEvents.BACKWARD_COMPLETED, self.average_gradients)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self.average_statistics)

    @torch.no_grad()
    def share_weights(self) -> None:
        """Give all processes the weights and buffers of the first."""
        if idist.get_world_size() > 1:
            for value in (*self.modules.parameters(), *self.modules.buffers()):
                distributed.broadcast(value.data, 0)

    @torch.no_grad()
    def average_gradients(self) -> None:
        """Replace each gradient by its mean over the processes."""
        weights = [weight for weight in self.modules.parameters() if weight.requires_grad]
        if idist.get_world_size() == 1 or not weights:
            return
        has = torch.tensor([float(w.grad is not None) for w in weights], device=weights[0].device)
        distributed.all_reduce(has)
        used = [weight for weight, count in zip(weights, has.tolist(), strict=True) if count]
        for weight in used:
            if weight.grad is None:
                weight.grad = torch.zeros_like(weight)
        _average([weight.grad for weight in used if weight.grad is not None])

    @torch.no_grad()
    def average_statistics(self) -> None:
        """Replace each floating buffer by its mean, others by those of the first process."""
        if idist.get_world_size() == 1:
            return
        _average([b for b in self.modules.buffers() if b.is_floating_point()])
        for value in self.modules.buffers():
            if not value.is_floating_point():
                distributed.broadcast(value, 0)


def _average(tensors: Sequence[Tensor]) -> None:
    """All tensors of a type go as one message."""
    for dtype in sorted({tensor.dtype for tensor in tensors}, key=str):
        group = [tensor for tensor in tensors if tensor.dtype == dtype]
        flat = torch.cat([tensor.flatten() for tensor in group])
        distributed.all_reduce(flat)
        flat /= idist.get_world_size()
        for tensor, part in zip(group, flat.split([t.numel() for t in group]), strict=True):
            tensor.copy_(part.view_as(tensor))
