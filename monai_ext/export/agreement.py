"""Whether an exported network says what the network says."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch

from monai_ext.errors import BundleError

TOLERANCE = 1e-4
"""Of logits, or of what else a network gives."""


def require_agreement(
    exported: Callable[[torch.Tensor], torch.Tensor],
    network: torch.nn.Module,
    inputs: Iterable[torch.Tensor],
) -> float:
    """Call both on each input.

    Returns:
        Largest absolute difference.

    Raises:
        BundleError: if shapes differ, a value is no number, or the difference is above 1e-4.
    """
    worst = 0.0
    for x in inputs:
        with torch.inference_mode():
            found, wanted = exported(x), network(x)
        if found.shape != wanted.shape:
            raise _fault(f"has shape {list(found.shape)}, not {list(wanted.shape)},", x)
        far = float((found - wanted).abs().max())
        if not far <= TOLERANCE:  # so that NaN is a fault too
            raise _fault(f"differs by {far:.1e}", x)
        worst = max(worst, far)
    return worst


def _fault(found: str, x: torch.Tensor) -> BundleError:
    return BundleError(
        f"the exported network's output {found} for an input of {list(x.shape)}",
        f"both agree within {TOLERANCE}",
        "the file was not written; use another format",
    )
