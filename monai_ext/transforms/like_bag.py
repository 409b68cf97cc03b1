"""Keep a bag's meta when its tensor is made anew."""

from __future__ import annotations

from typing import Any

import torch
from monai.data.meta_tensor import MetaTensor


def like_bag(tensor: torch.Tensor, bag: torch.Tensor, **changed: Any) -> torch.Tensor:
    """``tensor`` with the meta of ``bag``, some entries changed; plain if ``bag`` is plain."""
    if not isinstance(bag, MetaTensor):
        return tensor
    meta = {**bag.meta, **changed}
    return MetaTensor(tensor, meta=meta, applied_operations=bag.applied_operations)
