"""CLAM's training: the instances most and least attended to are told apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from monai_ext.losses.bag_objective import unwrapped
from monai_ext.losses.branch_loss import BranchLoss
from monai_ext.losses.smooth_svm import SmoothSVM

INSTANCE_LOSSES = {
    "smooth_svm": SmoothSVM,
    "cross_entropy": lambda: nn.CrossEntropyLoss(reduction="none"),
}


class ClusteringObjective(nn.Module):
    r"""Bag loss plus a clustering loss on pseudo-labelled instances.

    For every class c a linear layer tells in the embedding apart what is evidence for c. In a bag
    of class y the k instances with the highest attention (of class y in CLAM-MB) are positive
    examples of y's layer, the k with the lowest negative ones,

    .. math:: L = \beta \, \ell(y_{bag}, y) + (1 - \beta) \, \frac{1}{2k} \sum_i \ell_{inst} .

    Where classes exclude each other within a slide (subtypes of tumours), the most attended
    instances also are negative examples of the other classes' layers, and the instance losses are
    averaged over classes. The layers are part of the training only. A level of fewer than 2 k
    instances uses half of them on either side; one of a single instance has no such loss.

    Shapes: B batch, T levels, C classes, k instances a side.

    Args:
        loss: :math:`\ell`, of logits (B, C) and labels (B,).
        hidden_dim: width of the network's embedding.
        num_classes: C.
        num_levels: T, each with layers of its own.
        k_sample: k.
        bag_weight: :math:`\beta`, 0 to 1.
        instance_loss: ``smooth_svm`` or ``cross_entropy``.
        exclusive_classes: see above; CLAM sets it for subtyping.
        branch_weight: of the branches, see :class:`BranchLoss`.

    Raises:
        ValueError: if a name is unknown or a number out of range.

    Reference:
        M. Lu et al., Nature Biomedical Engineering 2021, https://arxiv.org/abs/2004.09666, written
        from the article (k = 8, 0.7). torchmil 1.0.2 differs: always as with
        ``exclusive_classes``, two classes, summed over bags and classes, no weight, and its smooth
        SVM sums over the wrong axis for the targets that it is given.
    """

    def __init__(  # noqa: PLR0913
        self,
        loss: nn.Module,
        hidden_dim: int,
        num_classes: int,
        num_levels: int = 1,
        *,
        k_sample: int = 8,
        bag_weight: float = 0.7,
        instance_loss: str = "smooth_svm",
        exclusive_classes: bool = False,
        branch_weight: float = 0.0,
    ) -> None:
        super().__init__()
        if instance_loss not in INSTANCE_LOSSES:
            known = " or ".join(INSTANCE_LOSSES)
            raise ValueError(f"instance_loss={instance_loss} is unknown: use {known}")
        if not 0 <= bag_weight <= 1 or k_sample < 1:
            raise ValueError(
                f"bag_weight={bag_weight} must be from 0 to 1, k_sample={k_sample} at least 1"
            )
        self.loss, self.instance_loss = (
            BranchLoss(loss, branch_weight),
            INSTANCE_LOSSES[instance_loss](),
        )
        self.classifiers = nn.ModuleList(
            nn.Linear(hidden_dim, 2 * num_classes) for _ in range(num_levels)
        )
        self.num_classes, self.k_sample, self.bag_weight = num_classes, k_sample, bag_weight
        self.exclusive_classes = exclusive_classes

    def forward(self, network: nn.Module, bags: Tensor, labels: Tensor) -> Tensor:
        """Loss of a batch: bags (B, 4 + D, N), labels (B,) long."""
        return self.combine(self.terms(network, bags), labels)

    def terms(self, network: nn.Module, bags: Tensor) -> dict[str, Tensor]:
        """What the loss is made of.

        Returns:
            ``logits`` (B, C), ``branch_logits`` (B, T, C); ``most`` and ``least`` (B, T, C, k, 2),
            what each class's layer says of the instances at both ends of that class's attention;
            ``counted`` (B, T, k), 1 = there is such an instance.
        """
        net = unwrapped(network)
        found = net.branch_outputs(bags)
        branch_logits = torch.stack([branch["logits"] for branch in found], 1)
        pairs = zip(self.classifiers, found, strict=True)
        ends = [self._ends(classifier, branch) for classifier, branch in pairs]
        return {
            "logits": net.join(branch_logits),
            "branch_logits": branch_logits,
            "most": torch.stack([end.most for end in ends], 1),
            "least": torch.stack([end.least for end in ends], 1),
            "counted": torch.stack([end.counted for end in ends], 1),
        }

    def combine(self, terms: Mapping[str, Tensor], labels: Tensor) -> Tensor:
        """The loss of :meth:`terms` and labels, a scalar."""
        bag = self.loss(terms, labels)
        return self.bag_weight * bag + (1 - self.bag_weight) * self.clustering(terms, labels)

    def clustering(self, terms: Mapping[str, Tensor], labels: Tensor) -> Tensor:
        """The instance loss alone, mean over bags and levels, a scalar."""
        own = F.one_hot(labels.long(), self.num_classes).bool()[:, None, :]
        counted = terms["counted"].unsqueeze(2)
        positive = self._mean(terms["most"], counted, target=1)
        negative = self._mean(terms["least"], counted, target=0)
        total = torch.where(own, (positive + negative) / 2, 0.0).sum(2)
        if self.exclusive_classes:
            others = self._mean(terms["most"], counted, target=0)
            total = (total + torch.where(own, 0.0, others).sum(2)) / self.num_classes
        return total.mean()

    def _mean(self, scores: Tensor, counted: Tensor, target: int) -> Tensor:
        """Mean loss over the k instances that are there: (B, T, C)."""
        flat = scores.float().reshape(-1, 2)
        label = torch.full((len(flat),), target, device=flat.device)
        loss = self.instance_loss(flat, label).reshape(scores.shape[:-1])
        return (loss * counted).sum(3) / counted.sum(3).clamp_min(1)

    def _ends(self, classifier: nn.Module, branch: Mapping[str, Tensor]) -> _Ends:
        mask, hidden = branch["mask"], branch["hidden"]
        scores = branch["scores"].detach().expand(-1, self.num_classes, -1)
        size = min(self.k_sample, mask.shape[1])
        number = (mask.sum(1, keepdim=True) // 2).clamp_max(size)
        counted = torch.arange(self.k_sample, device=mask.device) < number
        real = mask.unsqueeze(1)
        top = scores.masked_fill(~real, -torch.inf).topk(size, 2).indices
        low = scores.masked_fill(~real, torch.inf).topk(size, 2, largest=False).indices
        most, least = (self._asked(classifier, hidden, index) for index in (top, low))
        return _Ends(most, least, counted.to(hidden.dtype))

    def _asked(self, classifier: nn.Module, hidden: Tensor, index: Tensor) -> Tensor:
        """Instances ``index`` (B, C, k') in the layer of their class: (B, C, k, 2)."""
        batch, classes, size = index.shape
        flat = index.flatten(1).unsqueeze(2).expand(-1, -1, hidden.shape[2])
        said = classifier(hidden.gather(1, flat)).reshape(batch, classes, size, classes, 2)
        own = said.diagonal(dim1=1, dim2=3).permute(0, 3, 1, 2)
        return F.pad(own, [0, 0, 0, self.k_sample - size])


class _Ends(NamedTuple):
    most: Tensor
    least: Tensor
    counted: Tensor
