"""Prototypes of images and of texts, and what pixels lose by being far from them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from monai_ext.engines.pixel_pool import PixelPool
from monai_ext.losses.prototype_loss import PrototypeLoss
from monai_ext.networks.blocks.prototype_bank import PrototypeBank
from monai_ext.networks.nets.transuni import TransUNi
from monai_ext.ops.prototype_assignment import (
    assign_prototypes,
    prototype_similarity,
    usage_entropy,
)


class PrototypeObjective(nn.Module):
    r"""Alignment and contrast against a bank of visual and one of text prototypes.

    .. math::
        L_{proto} = (L_{PAL} + L_{PCL})_{img} + \lambda (L_{PAL} + L_{PCL})_{txt}

    Assignments carry no gradient; the visual bank moves afterwards, by trusted pixels alone.

    Args:
        bank: visual prototypes; None: no such term.
        text: module without arguments that gives ``[C, M, D]`` unit vectors, D the width of the
            embedding; None: no such term.
        loss: the two terms.
        lambda_txt: weight of the text term.
        assign: ``nearest`` or ``sinkhorn``, see
            :func:`~monai_ext.ops.prototype_assignment.assign_prototypes`.
    """

    def __init__(
        self,
        bank: PrototypeBank | None,
        text: nn.Module | None,
        *,
        loss: PrototypeLoss,
        lambda_txt: float = 1.0,
        assign: str = "nearest",
    ) -> None:
        super().__init__()
        self.bank, self.text, self.loss = bank, text, loss
        self.lambda_txt, self.assign = lambda_txt, assign

    def forward(self, network: TransUNi, pool: PixelPool) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of a pool of pixels, and its parts by name.

        Args:
            network: embeds pixels, and is shown the prototypes if it looks at them.
            pool: of this step.
        """
        pixels = network.embed_pixels(pool.inner)
        zero = pixels.sum() * 0.0
        total, parts = zero, {}
        if self.bank is not None:
            image, found = self._visual(self.bank, pixels, pool)
            total, parts = total + image, parts | found
        if self.text is not None:
            words, found = self._textual(self.text(), pixels, pool)
            total, parts = total + self.lambda_txt * words, parts | found
        self.show(network)
        return total, parts

    def assignments(self, pixels: Tensor) -> Tensor:
        """The nearest visual prototype of any class, ``[n]``, places in ``0 .. C K - 1``.

        Raises:
            ValueError: without a visual bank.
        """
        if self.bank is None:
            raise ValueError("use_img_proto is off: there are no visual prototypes")
        return prototype_similarity(pixels, self.bank.vectors).flatten(1).argmax(1)

    @torch.no_grad()
    def show(self, network: TransUNi) -> None:
        """Give the network all prototypes, where it is built to look at them."""
        if not len(network.prototypes):
            return
        banks = [] if self.bank is None else [self.bank.vectors.flatten(0, 1)]
        banks += [] if self.text is None else [self.text().flatten(0, 1)]
        network.prototypes.copy_(torch.cat(banks))

    def _visual(
        self, bank: PrototypeBank, pixels: Tensor, pool: PixelPool
    ) -> tuple[Tensor, dict[str, Tensor]]:
        sure = pool.trusted
        bank.start(pixels[sure], pool.labels[sure])
        similarity = prototype_similarity(pixels, bank.vectors.clone())
        assignment = assign_prototypes(similarity, pool.labels, assign=self.assign)
        pull, push = self.loss(similarity, pool.labels, assignment, bank.ready.clone())
        bank.update(pixels[sure], pool.labels[sure], assignment[sure])
        begun = bank.ready[pool.labels]
        entropy = usage_entropy(assignment[begun], pool.labels[begun], *bank.vectors.shape[:2])
        parts = {"image_alignment": pull, "image_contrast": push, "prototype_entropy": entropy}
        return pull + push, parts

    def _textual(
        self, bank: Tensor, pixels: Tensor, pool: PixelPool
    ) -> tuple[Tensor, dict[str, Tensor]]:
        similarity = prototype_similarity(pixels, bank)
        assignment = assign_prototypes(similarity, pool.labels)
        pull, push = self.loss(similarity, pool.labels, assignment)
        return pull + push, {"text_alignment": pull, "text_contrast": push}
