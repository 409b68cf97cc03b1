"""A segmenter that looks at turned and mirrored copies too."""

import torch
from torch import nn
from torch.nn import functional as F

SYMMETRIES = (1, 2, 4, 8)


class SymmetryAverage(nn.Module):
    r"""What a network says of an image, averaged over copies that are turned and mirrored.

    .. math:: \bar l = \log \frac{1}{S} \sum_{s=1}^{S} g_s^{-1} \, \mathrm{softmax}(f(g_s x))

    A section has no upper side, so that all copies are as likely as the image. The result are
    logits whose softmax is the mean probability.

    Args:
        network: images ``[B, 3, H, W]`` to logits ``[B, C, H, W]``, for any H and W.
        symmetries: S; 1: the network's own logits, 2: with the mirrored image, 4: all mirrored
            ones, 8: quarter turns too. The time is S times as long.

    Raises:
        ValueError: for another number.
    """

    def __init__(self, network: nn.Module, symmetries: int = 8) -> None:
        super().__init__()
        if symmetries not in SYMMETRIES:
            raise ValueError(f"symmetries={symmetries!r} is none of {SYMMETRIES}")
        self.network, self.symmetries = network, symmetries

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits ``[B, C, H, W]``."""
        if self.symmetries == 1:
            return self.network(images)
        seen = [
            _moved(F.log_softmax(self.network(_moved(images, *way)).float(), 1), *_back(*way))
            for way in _WAYS[: self.symmetries]
        ]
        return torch.stack(seen).logsumexp(0) - torch.tensor(float(len(seen))).log()


_WAYS = tuple((turns, mirrored) for turns in (0, 2, 1, 3) for mirrored in (False, True))
"""The image and its mirror image, both upside down, both turned by a quarter."""


def _moved(images: torch.Tensor, turns: int, mirrored: bool) -> torch.Tensor:  # noqa: FBT001
    turned = images.rot90(turns, (-2, -1))
    return turned.flip(-1) if mirrored else turned


def _back(turns: int, mirrored: bool) -> tuple[int, bool]:  # noqa: FBT001
    """A mirrored quarter turn undoes itself."""
    return (turns if mirrored else -turns), mirrored
