"""Which of its class's prototypes a pixel belongs to."""

import torch

from monai_ext.ops.sinkhorn import sinkhorn

ASSIGNMENTS = ("nearest", "sinkhorn")


def prototype_similarity(pixels: torch.Tensor, bank: torch.Tensor) -> torch.Tensor:
    r"""Cosines :math:`s_{nck} = \langle z_n, v_{ck} \rangle` of unit vectors.

    In the bank's precision, also under autocast.

    Args:
        pixels: ``[n, d]``.
        bank: ``[C, K, d]``.

    Returns:
        ``[n, C, K]``.
    """
    with torch.autocast(pixels.device.type, enabled=False):
        similarity = pixels.to(bank.dtype) @ bank.flatten(0, 1).T
    return similarity.unflatten(1, bank.shape[:2])


@torch.no_grad()
def assign_prototypes(
    similarity: torch.Tensor,
    labels: torch.Tensor,
    *,
    assign: str = "nearest",
    epsilon: float = 0.05,
    n_iters: int = 3,
) -> torch.Tensor:
    r"""A prototype of the own class for every pixel; carries no gradient.

    ``nearest``: :math:`k^*_n = \arg\max_k s_{n y_n k}`. ``sinkhorn``: the largest entry of the
    entropic plan between the pixels of a class and its K prototypes with uniform marginals, so
    that every prototype gets its share.

    Args:
        similarity: ``[n, C, K]``.
        labels: ``[n]`` long.
        assign: ``nearest`` or ``sinkhorn``.
        epsilon: of the plan, in units of the cosine.
        n_iters: of the plan.

    Returns:
        long ``[n]``.

    Raises:
        ValueError: for another name.

    Reference:
        T. Zhou et al., Rethinking semantic segmentation: a prototype view, CVPR 2022,
        https://arxiv.org/abs/2203.15102 (equipartition).
    """
    if assign not in ASSIGNMENTS:
        raise ValueError(f"assign={assign} is unknown: use {' or '.join(ASSIGNMENTS)}")
    own = similarity[torch.arange(len(labels), device=labels.device), labels]
    if assign == "nearest":
        return own.argmax(1)
    chosen = torch.zeros_like(labels)
    for c in labels.unique():
        here = labels == c
        plan = sinkhorn(-own[here], epsilon=epsilon, n_iters=n_iters).plan
        chosen[here] = plan.argmax(1)
    return chosen


def usage_entropy(
    assignment: torch.Tensor, labels: torch.Tensor, num_classes: int, per_class: int
) -> torch.Tensor:
    r"""How evenly a class's prototypes are used: 1 all alike, 0 one alone.

    :math:`- \sum_k u_{ck} \log u_{ck} / \log K`, averaged over the classes that have pixels; 1
    where there is one prototype a class, or no pixel.

    Args:
        assignment: ``[n]`` long.
        labels: ``[n]`` long.
        num_classes: C.
        per_class: K.

    Returns:
        A scalar.
    """
    place = labels * per_class + assignment
    count = torch.bincount(place, minlength=num_classes * per_class).view(num_classes, per_class)
    count = count[count.sum(1) > 0].double()
    if per_class == 1 or not len(count):
        return torch.ones((), dtype=torch.double, device=labels.device)
    share = count / count.sum(1, keepdim=True)
    entropy = torch.special.entr(share).sum(1)
    return entropy.mean() / torch.log(torch.tensor(float(per_class), dtype=torch.double))
