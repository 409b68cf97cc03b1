"""What a teacher says of unlabelled pixels, and which of it is trusted."""

from __future__ import annotations

from torch import Tensor

from monai_ext.ops.balanced_pixels import IGNORED
from monai_ext.ops.trusted_pixels import trusted_pixels


def pseudo_labels(
    taught: Tensor,
    is_outside: Tensor,
    tau: float,
    *,
    is_balanced: bool = False,
) -> tuple[Tensor, Tensor]:
    """The class of largest probability, trusted where that is at least a threshold.

    Args:
        taught: the teacher's logits ``[U, C, H, W]``; no gradient flows back to them.
        is_outside: ``[U, H, W]`` bool, beyond an image.
        tau: pseudo-labels below this confidence do not count; above 1 none does.
        is_balanced: trust the same share of every class, as many pixels in all as ``tau`` does,
            see :func:`~monai_ext.ops.trusted_pixels.trusted_pixels`.

    Returns:
        Classes ``[U, H, W]`` long, 255 outside; which are trusted, bool.
    """
    confidence, pseudo = taught.detach().softmax(1).max(1)
    pseudo = pseudo.masked_fill(is_outside, IGNORED)
    if is_balanced:
        return pseudo, trusted_pixels(confidence, pseudo, tau, taught.shape[1])
    return pseudo, (confidence >= tau) & (pseudo != IGNORED)
