"""Which pseudo-labels are trusted."""

import torch

from monai_ext.ops.balanced_pixels import IGNORED


def trusted_pixels(
    confidence: torch.Tensor,
    pseudo: torch.Tensor,
    tau: float,
    num_classes: int,
    *,
    balanced: bool = False,
) -> torch.Tensor:
    r"""Pixels whose pseudo-label counts: confident ones, or the same share of every class.

    .. math:: t_p = 1[c_p \ge \tau_{\hat y_p}], \qquad
        \tau_c = \min(\tau, Q_c(1 - s)), \qquad s = \max_c \Pr(c_p \ge \tau \mid \hat y_p = c)

    :math:`Q_c` are the quantiles of the confidences of pixels that are predicted as c. Without
    ``balanced`` :math:`\tau_c = \tau`: a network that is early sure of one class and not yet of
    another then learns from pseudo-labels of the first alone, and predicts too much of it. With it
    every class trusts the share that the surest class does; where all are equally sure, nothing
    changes, and above 1 no pixel counts in either way.

    Args:
        confidence: ``[B, H, W]``, largest probability of each pixel.
        pseudo: ``[B, H, W]`` long, its class; 255 = does not count.
        tau: threshold.
        num_classes: C.
        balanced: thresholds of each class.

    Returns:
        ``[B, H, W]`` bool.

    Reference:
        Thresholds of each class: Y. Zou et al., Class-balanced self-training, ECCV 2018,
        https://arxiv.org/abs/1810.07911, which raises the share on a schedule; here the surest
        class of the batch gives it, so there is no further number to choose.
    """
    sure = (confidence >= tau) & (pseudo != IGNORED)
    if not balanced or not bool(sure.any()):
        return sure
    groups = [confidence[pseudo == c] for c in range(num_classes)]
    share = max(float((group >= tau).double().mean()) for group in groups if len(group))
    for c, group in enumerate(groups):
        take = round(share * len(group))
        if take:
            sure |= (pseudo == c) & (confidence >= group.topk(take).values[-1])
    return sure
