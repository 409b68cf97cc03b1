"""Visual prototypes of classes, moved by the pixels that belong to them."""

from __future__ import annotations

import ignite.distributed as idist
import torch
from torch import Tensor, nn
from torch.distributed import all_reduce, broadcast
from torch.nn import functional

MAX_START_PIXELS = 4096


class PrototypeBank(nn.Module):
    r"""K unit vectors a class: no weights, they follow the pixels that are assigned to them.

    .. math:: v_{ck} \leftarrow \mathrm{norm}\big(\gamma v_{ck}
        + (1 - \gamma) \, \mathrm{norm}(\textstyle\sum_{n: y_n = c, k_n = k} z_n)\big)

    A class starts by k-means++ on its first pixels; before that it is not :attr:`ready`.

    Shapes: n pixels, C classes, K prototypes a class, d width.

    Args:
        num_classes: C.
        per_class: K.
        dim: d.
        momentum: :math:`\gamma`; 1 changes nothing.
        seed: of k-means++.

    Reference:
        Momentum update: ProtoSeg, https://arxiv.org/abs/2203.15102. It starts from noise, which
        momentum 0.999 hardly leaves; the k-means++ start is ours.
    """

    vectors: Tensor
    ready: Tensor

    def __init__(
        self,
        num_classes: int,
        per_class: int,
        dim: int,
        *,
        momentum: float = 0.999,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.momentum, self.seed = momentum, seed
        self.register_buffer("vectors", torch.zeros(num_classes, per_class, dim))
        self.register_buffer("ready", torch.zeros(num_classes, dtype=torch.bool))

    @torch.no_grad()
    def start(self, pixels: Tensor, labels: Tensor) -> None:
        """Let classes begin that have not and that have K pixels or more.

        Args:
            pixels: ``[n, d]`` unit vectors.
            labels: ``[n]`` long.
        """
        for c in torch.nonzero(~self.ready).flatten().tolist():
            mine = pixels[labels == c].float()[:MAX_START_PIXELS]
            has_begun = torch.tensor(len(mine) >= self.vectors.shape[1], device=mine.device)
            if has_begun:
                self.vectors[c] = _plus_plus(mine, self.vectors.shape[1], self.seed)
            if idist.get_world_size() > 1:  # the first process decides, so that all have one bank
                broadcast(has_begun, 0)
                broadcast(self.vectors[c], 0)
            self.ready[c] = has_begun

    @torch.no_grad()
    def update(self, pixels: Tensor, labels: Tensor, assignment: Tensor) -> None:
        """Move the prototypes that got pixels.

        Args:
            pixels: ``[n, d]`` unit vectors, no gradient is kept.
            labels: ``[n]`` long.
            assignment: ``[n]`` long, 0 to K - 1.
        """
        flat = self.vectors.flatten(0, 1)
        place = labels * self.vectors.shape[1] + assignment
        total = torch.zeros_like(flat).index_add_(0, place, pixels.detach().to(flat.dtype))
        count = torch.bincount(place, minlength=len(flat))
        if idist.get_world_size() > 1:
            all_reduce(total)
            all_reduce(count)
        mean = functional.normalize(total, dim=1)
        moved = functional.normalize(self.momentum * flat + (1 - self.momentum) * mean, dim=1)
        changes = (count > 0) & self.ready.repeat_interleave(self.vectors.shape[1])
        if self.momentum < 1:
            self.vectors.copy_(torch.where(changes[:, None], moved, flat).view_as(self.vectors))


def _plus_plus(pixels: Tensor, count: int, seed: int) -> Tensor:
    from sklearn.cluster import kmeans_plusplus

    centres, _ = kmeans_plusplus(pixels.cpu().numpy(), count, random_state=seed)
    return functional.normalize(torch.from_numpy(centres).to(pixels), dim=1)
