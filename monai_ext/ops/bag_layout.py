"""The bag tensor: the only file that knows which row holds what.

A bag is one float32 tensor ``[4 + D, N]``, one column an instance (tile):

===== ======= =====================================================================
row   name    meaning
===== ======= =====================================================================
0     level   0 = finest magnification; ``-1`` = padding, no instance
1     row     tile row on the grid of its own level
2     col     tile column on the grid of its own level
3     region  region id, ``-1`` = none (an instance without a region, or padding)
4...  feature the D features
===== ======= =====================================================================

It is stored instance-major (``bag.mT`` is contiguous), so that packing copies whole rows and a
linear layer reads the features in place. Never cast a whole bag to half precision: rows and
columns above 256 would be lost.
"""

from typing import NamedTuple

import torch

NUM_INDEX_ROWS = 4
"""Rows before the features; written as 4 where TorchScript must read it."""


class BagParts(NamedTuple):
    """What a batch of bags holds, by name: B batch, N instances, D width."""

    level: torch.Tensor
    """``[B, N]`` long, ``-1`` = padding."""
    row: torch.Tensor
    """``[B, N]`` long."""
    col: torch.Tensor
    """``[B, N]`` long."""
    region: torch.Tensor
    """``[B, N]`` long, ``-1`` = none."""
    features: torch.Tensor
    """``[B, N, D]``, a view of the bag."""


def pack_bag(
    features: torch.Tensor,
    level: torch.Tensor,
    row: torch.Tensor,
    col: torch.Tensor,
    region: torch.Tensor | None = None,
) -> torch.Tensor:
    """Join features and grid indices into one bag.

    Args:
        features: ``[N, D]``, any floating type.
        level: ``[N]`` integers, 0 = finest.
        row: ``[N]`` integers, on the grid of the instance's own level.
        col: ``[N]`` integers.
        region: ``[N]`` integers, ``-1`` = none; None: no instance has one.

    Returns:
        ``[4 + D, N]`` float32, the transposed view of a contiguous ``[N, 4 + D]``.

    Raises:
        ValueError: if the index vectors do not have one value an instance.

    Example:
        >>> level, row, col = torch.tensor([[0, 1], [5, 2], [0, 0]])
        >>> bag = pack_bag(torch.ones(2, 3), level, row, col)
        >>> bag.shape, bag.mT.is_contiguous(), bag[:4, 0].tolist()
        (torch.Size([7, 2]), True, [0.0, 5.0, 0.0, -1.0])
    """
    n, width = features.shape
    if region is None:
        region = torch.full((n,), -1, device=features.device)
    storage = torch.empty(n, NUM_INDEX_ROWS + width, dtype=torch.float32, device=features.device)
    names = ("level", "row", "col", "region")
    for k, (name, index) in enumerate(zip(names, (level, row, col, region), strict=True)):
        if index.shape != (n,):
            raise ValueError(
                f"{name} has shape {tuple(index.shape)}, features hold {n} instances: "
                f"give {name} one value an instance, shape ({n},)"
            )
        storage[:, k] = plain_tensor(index)
    storage[:, NUM_INDEX_ROWS:] = plain_tensor(features)
    return storage.mT


def unpack_bag(bag: torch.Tensor) -> BagParts:
    """Split a batch of bags into its parts; scriptable, traceable and exportable.

    Index rows are rounded, so that noise (MONAI's ``verify_net_in_out`` feeds uniform random
    numbers) meets levels 0 and 1 instead of none. A MetaTensor comes out as plain tensors.

    Args:
        bag: ``[B, 4 + D, N]``.

    Returns:
        The parts; the features are a view.

    Raises:
        ValueError: if the bag is not three-dimensional, or has fewer than four rows.
    """
    if bag.dim() != 3 or bag.shape[1] < 4:
        raise ValueError(
            f"bag has shape {bag.shape}, a batch of bags is [B, 4 + D, N]: add the batch axis, "
            "or pack features with pack_bag"
        )
    if not torch.jit.is_scripting():
        bag = plain_tensor(bag)
    index = torch.round(bag[:, :4].detach()).long()
    return BagParts(index[:, 0], index[:, 1], index[:, 2], index[:, 3], bag[:, 4:].transpose(1, 2))


def pad_bags(bags: list[torch.Tensor]) -> torch.Tensor:
    """Stack bags of different lengths; padding columns have level ``-1`` and 0 elsewhere.

    Args:
        bags: ``[4 + D, N_i]`` each, the same D.

    Returns:
        ``[B, 4 + D, max N_i]``, the transposed view of a contiguous ``[B, max N_i, 4 + D]``.

    Raises:
        ValueError: if there is no bag, or the widths differ.
    """
    heights = sorted({bag.shape[0] for bag in bags})
    if len(heights) != 1:
        raise ValueError(
            f"bags have {heights} rows, one batch needs one width: pad the features of every bag "
            "to the widest level before pack_bag"
        )
    longest = max(bag.shape[1] for bag in bags)
    buffer = bags[0].new_zeros(len(bags), longest, heights[0], dtype=torch.float32)
    buffer = plain_tensor(buffer)
    for filled, bag in zip(buffer, bags, strict=True):
        filled[: bag.shape[1]] = plain_tensor(bag).mT
        filled[bag.shape[1] :, 0] = -1
    return buffer.mT


@torch.jit.unused
def plain_tensor(tensor: torch.Tensor) -> torch.Tensor:
    """The same values without MetaTensor's bookkeeping, which slows every operation."""
    as_tensor = getattr(tensor, "as_tensor", None)
    return tensor if as_tensor is None else as_tensor()
