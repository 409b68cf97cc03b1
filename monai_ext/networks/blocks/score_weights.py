"""From the score of an instance to the factor that its feature is multiplied by."""

import torch

from monai_ext.ops.masked import masked_softmax

SCORE_NORMS = ("none", "softmax_n", "sigmoid", "relu")


def score_weights(
    score: torch.Tensor, mask: torch.Tensor, norm: str, temperature: float
) -> torch.Tensor:
    r"""Factors :math:`\alpha_j` of the instances of a bag.

    ``none``: the score itself; ``sigmoid``, ``relu`` of it; ``softmax_n``:
    :math:`n \, \mathrm{softmax}_j(s_j / t)` over the n real instances, whose mean is 1. Scores
    that are means of products of cosines are of order 0.01: taken literally they shrink every
    token to almost nothing, and attention starts uniform.

    Args:
        score: ``[B, N]``.
        mask: ``[B, N]`` bool, True = real.
        norm: see above.
        temperature: t of ``softmax_n``, in units of the score.

    Returns:
        ``[B, N]``, 0 where masked.

    Raises:
        ValueError: if ``norm`` is unknown.

    Example:
        >>> mask = torch.tensor([[True, True, False]])
        >>> score_weights(torch.zeros(1, 3), mask, "softmax_n", 0.1).tolist()
        [[1.0, 1.0, 0.0]]
    """
    if norm == "softmax_n":
        count = mask.sum(-1, keepdim=True)
        return count * masked_softmax(score / temperature, mask)
    if norm == "sigmoid":
        score = torch.sigmoid(score)
    elif norm == "relu":
        score = torch.relu(score)
    elif norm != "none":
        raise ValueError(f"score_norm={norm} is unknown: use none, softmax_n, sigmoid or relu")
    return torch.where(mask, score, 0.0)
