"""What a segmenter is trained on: masks, its own confident predictions, prototypes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

from monai_ext.engines.pixel_pool import PixelPool, join_pools, pool_pixels
from monai_ext.engines.prototype_objective import PrototypeObjective
from monai_ext.engines.pseudo_labels import pseudo_labels
from monai_ext.errors import SettingError
from monai_ext.losses.pixel_cross_entropy import trusted_cross_entropy
from monai_ext.networks.blocks.still_statistics import still_statistics
from monai_ext.networks.nets.transuni import Decoded, TransUNi
from monai_ext.ops.balanced_pixels import IGNORED
from monai_ext.ops.cutmix import cutmix_boxes, paste_partner

SSL = {
    "supervised": (0, False, False),
    "fixmatch": (1, False, False),
    "unimatch": (2, True, False),
    "mpamatch": (2, True, True),
}
"""Strong views, feature perturbation, prototypes."""

VIEWS = ("weak", "strong")


@dataclass(frozen=True)
class ConsistencySettings:
    """Numbers of the unlabelled branch.

    Args:
        tau: pseudo-labels below this confidence do not count; above 1 none does.
        prototype_view: ``weak`` | ``strong``: the view whose pixels meet the prototypes. Those of
            the weak one are told what they are taken for already, wrong pseudo-labels too; those
            of a strong one must come to the same prototype in spite of the change.
        feature_dropout: share of the encoder's channels that feature perturbation drops.
        cutmix_prob: how often an image gets a box of its partner.
        cutmix_area: of the box, as a share of the image.
        cutmix_aspect: of the box, height by width.
        strong_statistics: strong views move the running statistics of batch normalisation too, as
            in UniMatch; see :func:`~monai_ext.networks.blocks.still_statistics.still_statistics`.
        balance_trust: trust the same share of every class, as many pixels in all as ``tau`` does,
            see :func:`~monai_ext.ops.trusted_pixels.trusted_pixels`.
        ramp_steps: T, over which the weights of unlabelled images and prototypes grow by
            :math:`e^{-5 (1 - t / T)^2}`; 0: they are whole from the first step.
    """

    tau: float = 0.95
    prototype_view: str = "weak"
    feature_dropout: float = 0.5
    cutmix_prob: float = 0.5
    cutmix_area: tuple[float, float] = (0.02, 0.4)
    cutmix_aspect: tuple[float, float] = (0.3, 1 / 0.3)
    strong_statistics: bool = False
    balance_trust: bool = False
    ramp_steps: int = 0

    def __post_init__(self) -> None:
        """Refuse a view that is none, and a length below 0."""
        if self.ramp_steps < 0:
            raise ValueError(f"ramp_steps={self.ramp_steps} must be 0 (no ramp) or more")
        if self.prototype_view not in VIEWS:
            rule = f"use {' or '.join(VIEWS)}"
            raise ValueError(f"prototype_view={self.prototype_view} is unknown: {rule}")


@dataclass(frozen=True)
class UnlabelledTerms:
    """What the network says of U unlabelled images.

    Attributes:
        weak: of the weak view.
        perturbed: logits of its perturbed features; None without perturbation.
        strong: of each strong view.
        boxes: ``[U, H, W]`` bool of each, where it shows its partner.
        outside: ``[U, H, W]`` long, 255 beyond the image.
        taught: the teacher's logits on the weak view, or the network's own.
    """

    weak: Decoded
    perturbed: Tensor | None
    strong: tuple[Decoded, ...]
    boxes: tuple[Tensor, ...]
    outside: Tensor
    taught: Tensor


@dataclass(frozen=True)
class SegmentationTerms:
    """What the network says of a batch, before labels are seen."""

    network: TransUNi
    labelled: Decoded
    unlabelled: UnlabelledTerms | None = None


class SemiSupervised(nn.Module):
    r"""Supervised, FixMatch, UniMatch or MPAMatch, all from the same terms.

    .. math:: L = \alpha L_{proto} + \beta L_x + \gamma L_u, \qquad
        L_u = \tfrac{1}{2} (L_{s_1} + L_{s_2}) + L_{fp}

    :math:`L_x` is the loss of labelled images; the others compare strong views and perturbed
    features with the confident prediction on the weak view, which carries no gradient. With
    :math:`\alpha = 0, \beta = 1/2, \gamma = 1/4` this is UniMatch's loss; FixMatch has one view,
    and :math:`L_u = 2 L_{s_1}`, which with the same numbers is its :math:`(L_x + L_{s_1}) / 2`.

    Labels come last: :meth:`terms` asks the network without them, :meth:`combine` compares. An
    unlabelled image's mask has no way in. Everything is drawn from torch's global generator.

    Args:
        num_classes: C.
        ssl: ``supervised``, ``fixmatch``, ``unimatch`` or ``mpamatch``.
        loss: of logits ``[B, C, H, W]`` and labels.
        consistency: numbers of the unlabelled branch.
        prototypes: needed for ``mpamatch``, not used otherwise.
        alpha: weight of the prototypes.
        beta: weight of the labelled images.
        gamma: weight of the unlabelled ones.
        pixels: most pixels an image that meet the prototypes.
        teacher: network that makes the pseudo-labels, e.g. a moving average; None: the trained
            one on its weak view, as the methods have it.

    Raises:
        ValueError: if ``ssl`` is unknown, or prototypes are missing.

    Reference:
        MPAMatch, https://arxiv.org/abs/2508.19574, from a description (its equations are not
        public); UniMatch, https://arxiv.org/abs/2208.09910. Differs from UniMatch: the partner
        that CutMix pastes is the image before in the same batch instead of one of a second batch,
        so a batch of one is not mixed; running statistics are of plain views alone.
    """

    steps: Tensor

    def __init__(  # noqa: PLR0913
        self,
        num_classes: int,
        *,
        ssl: str,
        loss: nn.Module,
        consistency: ConsistencySettings | None = None,
        prototypes: PrototypeObjective | None = None,
        alpha: float = 0.25,
        beta: float = 0.5,
        gamma: float = 0.25,
        pixels: int = 4096,
        teacher: nn.Module | None = None,
    ) -> None:
        super().__init__()
        if ssl not in SSL:
            raise ValueError(f"ssl={ssl} is unknown: use one of {', '.join(SSL)}")
        self.num_views, self.perturbs, self.has_prototypes = SSL[ssl]
        if self.has_prototypes and prototypes is None:
            raise ValueError("ssl=mpamatch needs prototypes")
        self.num_classes, self.loss, self.pixels = num_classes, loss, pixels
        self.settings = consistency or ConsistencySettings()
        self.prototypes = prototypes if self.has_prototypes else None
        self.alpha, self.beta, self.gamma = alpha, beta, gamma
        self._teacher = (teacher,)
        if self.settings.ramp_steps:
            self.register_buffer("steps", torch.zeros((), dtype=torch.long))
        self.parts: dict[str, Tensor] = {}

    def forward(self, network: nn.Module, batch: Mapping[str, Tensor], labels: Tensor) -> Tensor:
        """Loss of a batch, see :meth:`terms` and :meth:`combine`."""
        return self.combine(self.terms(network, batch), labels)

    def terms(self, network: nn.Module, batch: Mapping[str, Tensor]) -> SegmentationTerms:
        """What the loss is made of, without the labels.

        Args:
            network: the trained network.
            batch: ``image [B, 3, H, W]`` and, unless training is supervised, ``weak``,
                ``strong_1``, ``strong_2 [U, 3, H, W]`` and ``outside [U, 1, H, W]`` (255 beyond
                the image).
        """
        net = _single(network)
        size = (int(batch["image"].shape[-2]), int(batch["image"].shape[-1]))
        if not self.num_views:
            return SegmentationTerms(net, net.decode(net.encode(batch["image"]), size))
        number, weak = len(batch["image"]), batch["weak"]
        maps = net.encode(torch.cat([batch["image"], weak]))
        if self.perturbs:  # the weak images once more, some channels dropped
            drop = self.settings.feature_dropout
            maps = [torch.cat([m, functional.dropout2d(m[number:], drop)]) for m in maps]
        labelled, plain, perturbed = _parted(net.decode(maps, size), number, len(weak))
        boxes = tuple(self._boxes(weak) for _ in range(self.num_views))
        strong = [paste_partner(batch[f"strong_{k + 1}"], box) for k, box in enumerate(boxes)]
        is_seen = self.settings.strong_statistics
        with nullcontext() if is_seen else still_statistics(net):
            views = net.decode(net.encode(torch.cat(strong)), size)
        found = UnlabelledTerms(
            weak=plain,
            perturbed=perturbed.logits if self.perturbs else None,
            strong=_split(views, len(weak)),
            boxes=boxes,
            outside=batch["outside"][:, 0].long(),
            taught=self._taught(weak, plain.logits),
        )
        return SegmentationTerms(net, labelled, found)

    def combine(self, terms: SegmentationTerms, labels: Tensor) -> Tensor:
        """The loss; its parts are kept under :attr:`parts`.

        Args:
            terms: see :meth:`terms`.
            labels: ``[B, 1, H, W]`` of the labelled images, 255 = not counted.
        """
        supervised = self.loss(terms.labelled.logits, labels)
        total, self.parts = self.beta * supervised, {"supervised": supervised}
        if terms.unlabelled is None:
            return total
        rest, truth = terms.unlabelled, (labels[:, 0] if labels.ndim == 4 else labels).long()
        pseudo, is_sure = pseudo_labels(
            rest.taught,
            rest.outside == IGNORED,
            self.settings.tau,
            is_balanced=self.settings.balance_trust,
        )
        unlabelled, ramp = self._consistency(rest, pseudo, is_sure), self._ramp()
        each = [(is_sure & (pseudo == c)).double().mean() for c in range(self.num_classes)]
        self.parts |= {"unlabelled": unlabelled, "confident": is_sure.double().mean()}
        self.parts |= {"confident_least": torch.stack(each).min()}
        total = total + ramp * self.gamma * unlabelled
        if self.prototypes is None:
            return total
        pools = [
            pool_pixels(terms.labelled, truth, self.num_classes, self.pixels),
            self._pool(rest, pseudo.masked_fill(~is_sure, IGNORED), is_sure),
        ]
        proto, parts = self.prototypes(terms.network, join_pools(pools))
        self.parts |= {"prototypes": proto} | parts
        return total + ramp * self.alpha * proto

    def _pool(self, terms: UnlabelledTerms, sure: Tensor, is_sure: Tensor) -> PixelPool:
        """Unlabelled pixels that meet the prototypes."""
        seen = terms.weak
        if self.settings.prototype_view == "strong":
            box, seen = terms.boxes[0], terms.strong[0]
            sure, is_sure = paste_partner(sure, box), paste_partner(is_sure, box)
        return pool_pixels(seen, sure, self.num_classes, self.pixels, is_sure)

    def _ramp(self) -> float:
        """Of the next step of training."""
        length = int(self.settings.ramp_steps)
        if not length:
            return 1.0
        self.steps += self.training
        return math.exp(-5 * (1 - min(1.0, float(self.steps) / length)) ** 2)

    def _consistency(self, terms: UnlabelledTerms, pseudo: Tensor, sure: Tensor) -> Tensor:
        views = [
            trusted_cross_entropy(view.logits, paste_partner(pseudo, box), paste_partner(sure, box))
            for view, box in zip(terms.strong, terms.boxes, strict=True)
        ]
        strong = torch.stack(views).mean()
        if terms.perturbed is None:
            return 2 * strong
        return strong + trusted_cross_entropy(terms.perturbed, pseudo, sure)

    def _boxes(self, images: Tensor) -> Tensor:
        given = self.settings
        return cutmix_boxes(
            len(images),
            images.shape[-2],
            images.shape[-1],
            prob=given.cutmix_prob if len(images) > 1 else 0.0,
            area=given.cutmix_area,
            aspect=given.cutmix_aspect,
        )

    @torch.no_grad()
    def _taught(self, weak: Tensor, own: Tensor) -> Tensor:
        teacher = self._teacher[0]
        return own.detach() if teacher is None else teacher.eval()(weak)


def _split(decoded: Decoded, size: int) -> tuple[Decoded, ...]:
    parts = zip(*(part.split(size) for part in decoded), strict=True)
    return tuple(Decoded(*part) for part in parts)


def _parted(decoded: Decoded, labelled: int, weak: int) -> tuple[Decoded, Decoded, Decoded]:
    """Labelled, weak and perturbed images of one batch; the last may be none."""
    cuts = [labelled, weak, len(decoded.logits) - labelled - weak]
    parts = zip(*(part.split(cuts) for part in decoded), strict=True)
    first, second, third = (Decoded(*part) for part in parts)
    return first, second, third


def _single(network: nn.Module) -> TransUNi:
    if isinstance(network, DistributedDataParallel):
        raise SettingError(
            "semi-supervised training in several processes",
            "its passes go past DistributedDataParallel, which would not average gradients",
            "leave the network as it is and use multi_gpu_train.json, which averages them",
        )
    if not isinstance(network, TransUNi):
        raise TypeError(f"network is {type(network).__name__}: this objective trains TransUNi")
    return network
