"""Region weights from the gradient of the guide's prediction."""

import torch
from torch import nn

from monai_ext.ops.masked import masked_mean

GRAD_POOLS = ("feature", "cam", "grad_x_input")
GRAD_NORMS = ("max", "none")
GRAD_TARGETS = ("predicted", "soft", "label")


class GradientCrossAttention(nn.Module):
    r"""How much each region of the guide raises the class that the guide predicts.

    With :math:`G_u = \partial y_c / \partial P_u` in closed form, one weight a region is

    - ``cam``: :math:`w_u = \langle \alpha, P_u \rangle`, :math:`\alpha` the mean of G over regions
      (Grad-CAM with regions in place of pixels);
    - ``grad_x_input``: :math:`w_u = \langle G_u, P_u \rangle`;
    - ``feature``: the mean of :math:`G_u` over its width. Its sign is almost the same for all
      regions, so the rectified weights are often all zero.

    then rectified.

    Args:
        grad_pool: as above.
        grad_norm: ``max`` divides by the largest weight of the slide, and gives ones where all are
            zero; ``none`` leaves raw gradients, around 1e-4.
        grad_target: class c: ``predicted`` by the guide; ``soft``: all classes, weighted by the
            guide's probabilities; ``label``: for audits only, the value of :attr:`audit_label`
            (``[B]`` long, set from outside
            :meth:`forward`; None: predicted). It leaks the label in training.
        grad_detach: treat the weights as constants in training.

    Raises:
        ValueError: if a name is unknown.

    Reference:
        R. Selvaraju et al., Grad-CAM, ICCV 2017, https://arxiv.org/abs/1610.02391.
        Differs: regions in place of pixels; closed form, so it works without autograd.
    """

    audit_label: torch.Tensor | None

    def __init__(
        self,
        grad_pool: str = "cam",
        grad_norm: str = "max",
        grad_target: str = "predicted",
        *,
        grad_detach: bool = True,
    ) -> None:
        super().__init__()
        known = (
            ("grad_pool", grad_pool, GRAD_POOLS),
            ("grad_norm", grad_norm, GRAD_NORMS),
            ("grad_target", grad_target, GRAD_TARGETS),
        )
        for name, value, names in known:
            if value not in names:
                raise ValueError(f"{name}={value} is unknown: use {', '.join(names)}")
        self.grad_pool, self.grad_norm, self.grad_target = grad_pool, grad_norm, grad_target
        self.grad_detach = grad_detach
        self.audit_label = None

    @torch.jit.export
    def target(self, logits: torch.Tensor) -> torch.Tensor:
        """Which class's gradient is asked for.

        Args:
            logits: ``[B, C]`` of the guide.

        Returns:
            Share of each class ``[B, C]``, sums to 1, float32; no gradient to the logits.
        """
        if self.grad_target == "soft":
            return torch.softmax(logits.detach().float(), -1)
        target = logits.argmax(-1)
        label = self.audit_label
        if self.grad_target == "label" and label is not None:
            target = label
        return nn.functional.one_hot(target, logits.shape[-1]).float()

    def forward(
        self, gradient: torch.Tensor, prototypes: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """Weigh the regions.

        Args:
            gradient: ``[B, m, d]`` of the target to the prototypes, see
                :meth:`GatedAttention.input_gradient`.
            prototypes: ``[B, m, d]`` of the guide.
            mask: ``[B, m]`` bool, True = region with instances.

        Returns:
            ``[B, m]`` at least 0, at least float32; 0 where masked.
        """
        if self.grad_pool == "feature":
            weights = gradient.mean(-1)
        elif self.grad_pool == "cam":
            channel = masked_mean(gradient, mask.unsqueeze(-1), 1)
            weights = (channel.unsqueeze(1) * prototypes).sum(-1)
        else:
            weights = (gradient * prototypes).sum(-1)
        weights = weights if weights.dtype == torch.float64 else weights.float()
        weights = torch.where(mask, torch.relu(weights), 0.0)
        if self.grad_norm == "max":
            largest = weights.amax(-1, keepdim=True)
            some = largest > 0
            scaled = weights / torch.where(some, largest, 1.0)
            weights = torch.where(some, scaled, mask.to(weights.dtype))
        return weights.detach() if self.grad_detach else weights
