"""Cosine of every instance of a bag with every vector of a bank, without a normalised bag."""

import torch


def bank_cosine(x: torch.Tensor, bank: torch.Tensor) -> torch.Tensor:
    r""":math:`S_{nk} = \langle x_n, p_k \rangle / (\lVert x_n \rVert \lVert p_k \rVert)`.

    The product is divided, not the instances, so no second ``[N, d]`` array is made.

    Shapes: N instances, K vectors of the bank, d width; leading axes of ``x`` are free.

    Args:
        x: ``[..., N, d]``; half precision is raised to float32. A zero vector has cosine 0.
        bank: ``[K, d]``.

    Returns:
        ``[..., N, K]``, from -1 to 1.

    Example:
        >>> bank_cosine(torch.tensor([[3.0, 0.0], [1.0, 1.0]]), torch.eye(2)).tolist()
        [[1.0, 0.0], [0.707..., 0.707...]]
    """
    bank = bank.to(x.dtype)
    unit = bank / torch.linalg.vector_norm(bank, dim=-1, keepdim=True).clamp_min(1e-12)
    product = x @ unit.transpose(-1, -2)
    size = torch.linalg.vector_norm(x, dim=-1, keepdim=True).clamp_min(1e-12)
    if product.dtype != torch.float64:
        product, size = product.float(), size.float()
    return product / size


def bank_collapse(bank: torch.Tensor) -> torch.Tensor:
    """Mean cosine of two different vectors of a bank ``[K, d]``; near 1, they are all the same.

    Of fewer than two vectors it is 0.

    Example:
        >>> float(bank_collapse(torch.eye(3))), float(bank_collapse(torch.ones(3, 2)))
        (0.0, 1.0...)
    """
    alike = bank_cosine(bank, bank)
    pairs = len(bank) * (len(bank) - 1)
    return (alike.sum() - alike.diagonal().sum()) / max(1, pairs)
