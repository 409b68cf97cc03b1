"""Choose pixels for losses that cannot take all of them."""

import torch

IGNORED = 255
"""Label of pixels that no loss and no measure counts."""


def balanced_pixels(
    labels: torch.Tensor,
    num_classes: int,
    limit: int,
    generator: torch.Generator | None = None,
) -> torch.Tensor:
    """Places of up to ``limit`` pixels an image, its classes in equal numbers as far as they reach.

    A class with fewer pixels than its share gives all; what is left goes to the others.

    Args:
        labels: ``[B, N]`` long; pixels outside ``0 .. num_classes - 1`` are never chosen.
        num_classes: C.
        limit: pixels an image.
        generator: source of the draw; None: torch's global one.

    Returns:
        long ``[n]``, places in ``labels.flatten()``, ascending.

    Example:
        >>> balanced_pixels(torch.tensor([[0, 0, 0, 0, 1, 255]]), 2, 2)[-1].item()
        4
    """
    chosen = []
    for number, row in enumerate(labels):
        groups = [torch.nonzero(row == c).squeeze(1) for c in range(num_classes)]
        groups = sorted((g for g in groups if len(g)), key=len)
        left = limit
        for k, group in enumerate(groups):
            share = min(len(group), left // (len(groups) - k))
            order = torch.randperm(len(group), generator=generator)[:share].to(group.device)
            chosen.append(group[order] + number * row.numel())
            left -= share
    empty = torch.zeros(0, dtype=torch.long, device=labels.device)
    return torch.cat([*chosen, empty]).sort().values
