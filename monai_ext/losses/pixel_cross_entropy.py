"""Supervised loss of pixels, with pixels that do not count."""

from __future__ import annotations

import torch
from monai.losses import DiceLoss
from torch import Tensor, nn
from torch.nn import functional

from monai_ext.ops.balanced_pixels import IGNORED


class PixelCrossEntropy(nn.Module):
    r"""Cross-entropy over the pixels that count, and Dice beside it if wanted.

    .. math:: L = \frac{1}{n} \sum_p - \log p_{p y_p} + w \, L_{Dice}

    with MONAI's soft Dice loss over softmax probabilities of these pixels, all classes alike.

    Args:
        dice_weight: w.

    Reference:
        UniMatch (https://arxiv.org/abs/2208.09910): cross-entropy; with Dice for medical images.
    """

    def __init__(self, dice_weight: float = 0.0) -> None:
        super().__init__()
        self.dice_weight = dice_weight
        self.dice = DiceLoss(softmax=False, to_onehot_y=False)

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Loss of a batch.

        Args:
            logits: ``[B, C, H, W]``.
            labels: ``[B, H, W]`` or ``[B, 1, H, W]``, 255 = does not count.

        Returns:
            A scalar; 0 where no pixel counts.
        """
        target = (labels.squeeze(1) if labels.ndim == 4 else labels).long()
        counts = target != IGNORED
        total = functional.cross_entropy(logits, target, ignore_index=IGNORED, reduction="sum")
        loss = total / counts.sum().clamp_min(1)
        if not self.dice_weight:
            return loss
        chance = logits.softmax(1) * counts[:, None]
        truth = functional.one_hot(target * counts, logits.shape[1]).movedim(-1, 1)
        return loss + self.dice_weight * self.dice(chance, truth * counts[:, None])


def trusted_cross_entropy(logits: Tensor, pseudo: Tensor, trusted: Tensor) -> Tensor:
    r"""Cross-entropy with trusted pseudo-labels, over all pixels that count.

    .. math:: L = \frac{1}{n} \sum_p t_p \, (- \log p_{p \hat y_p}) ,
        \qquad n = \#\{p : \hat y_p \neq 255\}

    so few trusted pixels make a small loss.

    Args:
        logits: ``[B, C, H, W]``.
        pseudo: ``[B, H, W]`` long, 255 = does not count.
        trusted: ``[B, H, W]`` bool, e.g. where the teacher is surer than a threshold.

    Reference:
        FixMatch, https://arxiv.org/abs/2001.07685; the mean over all pixels is UniMatch's.
    """
    each = functional.cross_entropy(logits, pseudo, ignore_index=IGNORED, reduction="none")
    counted = (pseudo != IGNORED).sum().clamp_min(1)
    return torch.where(trusted, each, torch.zeros_like(each)).sum() / counted
