"""Which pseudo-labels are trusted."""

from __future__ import annotations

import torch
from torch import Tensor

from monai_ext.ops.balanced_pixels import IGNORED


def trusted_pixels(confidence: Tensor, pseudo: Tensor, tau: float, num_classes: int) -> Tensor:
    r"""As many pixels as are confident, but of every class the same share.

    .. math:: t_p = 1[c_p \ge Q_{\hat y_p}(1 - s)], \qquad s = \Pr(c_p \ge \tau)

    :math:`Q_c` are the quantiles of the confidences of the pixels that are predicted as c. One
    threshold for all trusts a class of which the network is surer more often than it is predicted;
    the network then learns from its own pseudo-labels that the other classes are rarer, and
    predicts them less and less. Here trusted pixels have the class shares of all predicted pixels,
    and there are as many of them as :math:`\tau` itself trusts, but for rounding.

    Args:
        confidence: ``[B, H, W]``, largest probability of each pixel.
        pseudo: ``[B, H, W]`` long, its class; 255 = does not count.
        tau: threshold that says how many; above 1 no pixel counts.
        num_classes: C.

    Returns:
        ``[B, H, W]`` bool.

    Reference:
        Thresholds of each class: Y. Zou et al., Class-balanced self-training, ECCV 2018,
        https://arxiv.org/abs/1810.07911, where the share grows on a schedule; here the number of
        confident pixels gives it, so there is no further number to choose.
    """
    is_counted = pseudo != IGNORED
    share = float((confidence >= tau)[is_counted].double().mean()) if is_counted.any() else 0.0
    trusted = torch.zeros_like(is_counted).flatten()
    for c in range(num_classes):
        mine = (pseudo == c).flatten().nonzero()[:, 0]
        sureness = confidence.flatten()[mine]
        trusted[mine[sureness.topk(round(share * len(mine))).indices]] = True
    return trusted.view_as(pseudo)
