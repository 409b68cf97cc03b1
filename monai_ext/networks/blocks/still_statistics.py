"""Passes that leave the running statistics of batch normalisation alone."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def still_statistics(module: nn.Module) -> Iterator[None]:
    r"""Within it a training pass normalises by its own batch and is not remembered.

    Batch normalisation in training moves :math:`\mu \leftarrow (1 - m) \mu + m \bar x` with every
    pass, and inference uses :math:`\mu`. With :math:`m = 0.1` and two passes a step, the second
    makes up :math:`1 / 1.9 = 53 \%` of it, so images that inference never sees, e.g. strongly
    changed views, would decide how it normalises. Outputs and gradients of the pass are what they
    are without it. In evaluation, and with other normalisations, it does nothing.

    Args:
        module: network whose normalisations are held still.
    """
    norms = [part for part in module.modules() if isinstance(part, _BatchNorm)]
    still = [norm for norm in norms if norm.training and norm.track_running_stats]
    for norm in still:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm in still:
            norm.track_running_stats = True
