"""Draw some of the real entries of every row of a mask."""

import torch


def random_subset(
    mask: torch.Tensor, rate: float, generator: torch.Generator | None = None
) -> torch.Tensor:
    """A uniform choice of ``int(rate * n)`` of the n real entries of each row.

    At least one is chosen and at least one is not; of a single entry none.

    Args:
        mask: ``[B, N]`` bool, True = real.
        rate: 0 to 1.
        generator: source of the draw; None: torch's global one.

    Returns:
        ``[B, N]`` bool, True = chosen.

    Example:
        >>> random_subset(torch.ones(1, 10).bool(), 0.7).sum().item()
        7
    """
    count = mask.sum(1, keepdim=True)
    wanted = (count * rate + 1e-6).floor().clamp_min(1).minimum(count - 1)
    draw = torch.rand(mask.shape, generator=generator, device=mask.device)
    place = draw.masked_fill(~mask, 2.0).argsort(1).argsort(1)
    return mask & (place < wanted)
