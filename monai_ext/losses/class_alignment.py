"""Pseudo-labels whose classes are as frequent as those of the labels."""

from __future__ import annotations

import torch
from torch import Tensor, distributed, nn

from monai_ext.ops.balanced_pixels import IGNORED


class ClassAlignment(nn.Module):
    r"""Scale probabilities so that on average classes are predicted as often as they are labelled.

    .. math:: \tilde q_c = \frac{q_c \, p_c / \bar q_c}{\sum_k q_k \, p_k / \bar q_k}

    with :math:`p` the share of pixels of each class in labelled images and :math:`\bar q` the mean
    probability of each class in unlabelled ones, both moving averages. A network that learns from
    its own predictions otherwise drifts towards the class that it prefers. It presumes that
    labelled and unlabelled images are of one kind; where a class is much rarer in one of them,
    leave it off.

    Args:
        num_classes: C.
        momentum: of the averages; they start as plain means.

    Attributes:
        labelled: :math:`p`, ``[C]``.
        predicted: :math:`\bar q`, ``[C]``, of probabilities before they are scaled.

    Reference:
        Distribution alignment: D. Berthelot et al., ReMixMatch, ICLR 2020,
        https://arxiv.org/abs/1911.09785, there of whole images. The share of the labels is ours
        to estimate, for here a label is a pixel of a random crop.
    """

    labelled: Tensor
    predicted: Tensor
    steps: Tensor

    def __init__(self, num_classes: int, *, momentum: float = 0.99) -> None:
        super().__init__()
        self.momentum = float(momentum)
        for name in ("labelled", "predicted"):
            self.register_buffer(name, torch.full((num_classes,), 1 / num_classes))
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))

    @torch.no_grad()
    def forward(self, probabilities: Tensor, is_counted: Tensor, labels: Tensor) -> Tensor:
        """Take a batch into the averages, then scale it.

        Args:
            probabilities: ``[U, C, H, W]`` of unlabelled images.
            is_counted: ``[U, H, W]`` bool, False beyond an image.
            labels: ``[B, H, W]`` long of labelled images, 255 = not counted.

        Returns:
            ``[U, C, H, W]``, which sum to 1 over classes.
        """
        classes = probabilities.shape[1]
        seen = probabilities.movedim(1, -1)[is_counted].double().sum(0)
        count = torch.bincount(labels[labels != IGNORED].flatten(), minlength=classes)
        sums = torch.stack([seen, count.to(seen)])
        if distributed.is_available() and distributed.is_initialized():
            distributed.all_reduce(sums)
        self._follow(sums)
        ratio = self.labelled / self.predicted.clamp_min(torch.finfo(torch.float32).tiny)
        scaled = probabilities * ratio.to(probabilities)[:, None, None]
        return scaled / scaled.sum(1, keepdim=True)

    def _follow(self, sums: Tensor) -> None:
        self.steps += 1
        share = max(1 - self.momentum, 1 / float(self.steps))
        for average, total in zip((self.predicted, self.labelled), sums, strict=True):
            if total.sum() > 0:
                average.lerp_((total / total.sum()).to(average), share)
