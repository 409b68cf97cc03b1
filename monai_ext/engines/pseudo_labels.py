"""What a teacher says of unlabelled pixels, and which of it is trusted."""

from __future__ import annotations

from torch import Tensor, nn

from monai_ext.losses.class_alignment import ClassAlignment
from monai_ext.ops.balanced_pixels import IGNORED
from monai_ext.ops.trusted_pixels import trusted_pixels


class PseudoLabels(nn.Module):
    """The class of largest probability, trusted where that is at least a threshold.

    Args:
        num_classes: C.
        tau: pseudo-labels below this confidence do not count; above 1 none does.
        align_classes: scale probabilities to the labels' class shares first, see
            :class:`~monai_ext.losses.ClassAlignment`.
        balance_trust: trust the same share of every class, as many pixels in all as ``tau`` does,
            see :func:`~monai_ext.ops.trusted_pixels.trusted_pixels`.
    """

    def __init__(
        self,
        num_classes: int,
        tau: float,
        *,
        align_classes: bool = False,
        balance_trust: bool = False,
    ) -> None:
        super().__init__()
        self.num_classes, self.tau, self.balance_trust = num_classes, tau, balance_trust
        self.alignment = ClassAlignment(num_classes) if align_classes else None

    def forward(self, taught: Tensor, is_outside: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Pseudo-labels of a batch; no gradient flows through them.

        Args:
            taught: the teacher's logits ``[U, C, H, W]``.
            is_outside: ``[U, H, W]`` bool, beyond an image.
            labels: ``[B, H, W]`` long of the labelled images, 255 = not counted; they say class
                shares only.

        Returns:
            Classes ``[U, H, W]`` long, 255 outside; which are trusted, bool.
        """
        chances = taught.detach().softmax(1)
        if self.alignment is not None:
            chances = self.alignment(chances, ~is_outside, labels)
        confidence, pseudo = chances.max(1)
        pseudo = pseudo.masked_fill(is_outside, IGNORED)
        if self.balance_trust:
            return pseudo, trusted_pixels(confidence, pseudo, self.tau, self.num_classes)
        return pseudo, (confidence >= self.tau) & (pseudo != IGNORED)
