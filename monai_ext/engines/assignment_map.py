"""Which visual prototype each pixel of an image is nearest to."""

from __future__ import annotations

import torch
from torch import Tensor

from monai_ext.engines.semi_supervised import SemiSupervised
from monai_ext.networks.nets.transuni import TransUNi


class AssignmentMap:
    """Draws the state of the prototypes; for pictures during training.

    Args:
        network: embeds pixels.
        objective: holds the prototypes, if it is trained with any.
    """

    def __init__(self, network: TransUNi, objective: SemiSupervised) -> None:
        self.network, self.objective = network, objective

    @torch.no_grad()
    def __call__(self, image: Tensor) -> Tensor | None:
        """The nearest prototype of each place of the embedded map.

        Args:
            image: ``[3, H, W]``, float, 0..255.

        Returns:
            long ``[h, w]``: class times K plus number in the class, -1 for classes that have no
            prototypes yet; None where training uses no visual prototypes.
        """
        prototypes = self.objective.prototypes
        if prototypes is None or prototypes.bank is None:
            return None
        size = (int(image.shape[-2]), int(image.shape[-1]))
        inner = self.network.decode(self.network.encode(image[None]), size).inner[0]
        pixels = self.network.embed_pixels(inner.flatten(1).T)
        ready = bool(prototypes.bank.ready.all())
        found = prototypes.assignments(pixels).view(inner.shape[1:])
        return found if ready else torch.full_like(found, -1)
