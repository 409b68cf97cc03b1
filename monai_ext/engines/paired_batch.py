"""From a pair of batches to what the trainer hands to network and loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

VIEWS = ("strong_1", "strong_2", "outside")


def prepare_paired_batch(
    batchdata: Mapping[str, Any],
    device: str | torch.device | None = None,
    non_blocking: bool = False,  # noqa: FBT001, FBT002  (as MONAI calls it)
    **_kwargs: Any,
) -> tuple[dict[str, Tensor], Tensor]:
    """Images and views as float in 0..255 on the device, and the labels of the labelled images.

    For MONAI's ``prepare_batch``. Of the unlabelled batch only images are taken, by name: were
    there a label among them, it would stay behind.

    Args:
        batchdata: of a :class:`~monai_ext.data.PairedLoader`.
        device: where to.
        non_blocking: as torch has it.

    Returns:
        ``{"image", "weak", "strong_1", "strong_2", "outside"}`` (the last four without unlabelled
        images left out) and labels ``[B, 1, H, W]``.
    """

    def moved(values: Any) -> Tensor:
        plain = torch.as_tensor(values).as_subclass(Tensor)
        return plain.to(device, non_blocking=non_blocking)

    labelled, bare = batchdata["labelled"], batchdata.get("unlabelled")
    inputs = {"image": moved(labelled["image"]).float()}
    if bare is not None:
        inputs["weak"] = moved(bare["image"]).float()
        inputs |= {name: moved(bare[name]).float() for name in VIEWS if name in bare}
    return inputs, moved(labelled["label"])
