"""Prototype objective of a config: with or without images, texts and each term."""

from __future__ import annotations

from torch import nn

from monai_ext.engines.prototype_objective import PrototypeObjective
from monai_ext.errors import SettingError
from monai_ext.flags import as_bool
from monai_ext.losses.prototype_loss import PrototypeLoss
from monai_ext.networks.blocks.prototype_bank import PrototypeBank


def build_prototype_objective(  # noqa: PLR0913
    num_classes: int,
    embed_dim: int,
    *,
    text: nn.Module | None,
    use_img_proto: object = True,
    use_pal: object = True,
    use_pcl: object = True,
    per_class: int = 5,
    momentum: float = 0.999,
    temperature: float = 0.1,
    lambda_txt: float = 1.0,
    assign: str = "nearest",
    seed: int = 0,
) -> PrototypeObjective:
    """Build what ``ssl=mpamatch`` adds, or a part of it.

    Args:
        num_classes: C.
        embed_dim: width of pixel embeddings and prototypes.
        text: text prototypes; None: none.
        use_img_proto: with visual prototypes.
        use_pal: with the alignment term.
        use_pcl: with the contrast term.
        per_class: K.
        momentum: of the visual prototypes.
        temperature: of the contrast.
        lambda_txt: weight of the text terms.
        assign: ``nearest`` or ``sinkhorn``.
        seed: of the bank's start.

    Raises:
        SettingError: if nothing is left of it.
    """
    with_images, pull, push = as_bool(use_img_proto), as_bool(use_pal), as_bool(use_pcl)
    if not (pull or push) or not (with_images or text is not None):
        raise SettingError(
            "neither prototypes nor terms are left of ssl=mpamatch",
            "at least one of use_img_proto, use_txt_proto and one of use_pal, use_pcl is on",
            "use --ssl unimatch for none of them",
        )
    bank = None
    if with_images:
        bank = PrototypeBank(num_classes, per_class, embed_dim, momentum=momentum, seed=seed)
    loss = PrototypeLoss(use_alignment=pull, use_contrast=push, temperature=temperature)
    return PrototypeObjective(bank, text, loss=loss, lambda_txt=lambda_txt, assign=assign)
