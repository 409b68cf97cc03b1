"""Pull a pixel to its prototype, push it from the others."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional


class PrototypeTerms(NamedTuple):
    """The two terms, scalars."""

    alignment: Tensor
    contrast: Tensor


class PrototypeLoss(nn.Module):
    r"""Prototype alignment and contrast of unit vectors.

    .. math::
        L_{PAL} = \frac{1}{n} \sum_n (1 - s_{n y_n k_n})^2, \qquad
        L_{PCL} = - \frac{1}{n} \sum_n \log
            \frac{\exp(s_{n y_n k_n} / \tau)}{\sum_{ck} \exp(s_{nck} / \tau)} .

    Shapes: n pixels, C classes, K prototypes a class.

    Args:
        use_alignment: with the first term; else it is 0.
        use_contrast: with the second.
        temperature: :math:`\tau`.

    Reference:
        The names are MPAMatch's (https://arxiv.org/abs/2508.19574), whose equations are not
        public; the form is ProtoSeg's pixel-prototype distance and contrast
        (https://arxiv.org/abs/2203.15102), which have these roles.
    """

    def __init__(
        self,
        *,
        use_alignment: bool = True,
        use_contrast: bool = True,
        temperature: float = 0.1,
    ) -> None:
        super().__init__()
        self.use_alignment, self.use_contrast = use_alignment, use_contrast
        self.temperature = temperature

    def forward(
        self,
        similarity: Tensor,
        labels: Tensor,
        assignment: Tensor,
        ready: Tensor | None = None,
    ) -> PrototypeTerms:
        """Both terms.

        Args:
            similarity: ``[n, C, K]`` cosines.
            labels: ``[n]`` long.
            assignment: ``[n]`` long.
            ready: ``[C]`` bool: classes whose prototypes exist; pixels of others do not count, and
                nothing is pushed from them. None: all.

        Returns:
            Scalars; 0 without pixels.
        """
        if ready is not None:
            kept = ready[labels]
            similarity = similarity[kept].masked_fill(~ready[:, None], -torch.inf)
            labels, assignment = labels[kept], assignment[kept]
        zero = torch.nan_to_num(similarity, neginf=0.0).sum() * 0.0
        if not len(labels):
            return PrototypeTerms(zero, zero)
        flat, target = similarity.flatten(1), labels * similarity.shape[2] + assignment
        own = flat.gather(1, target[:, None]).squeeze(1)
        pull = (1 - own).square().mean() if self.use_alignment else zero
        push = functional.cross_entropy(flat / self.temperature, target)
        return PrototypeTerms(pull, push if self.use_contrast else zero)
