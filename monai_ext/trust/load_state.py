"""State dicts from files of strangers."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from monai_ext.errors import TrustError
from monai_ext.trust.checkpoint import require_plain

_FAULTS = (RuntimeError, ValueError, EOFError, LookupError, TypeError, AttributeError)
_FAULTS += (pickle.UnpicklingError,)


def load_state(path: Path, device: Any = "cpu") -> Any:
    """Load what ``torch.save`` or safetensors wrote, if it holds tensors and plain values alone.

    Looked at twice: by our own reading of the bytes, and by ``torch.load(weights_only=True)``.

    Args:
        path: the file.
        device: where tensors go.

    Raises:
        TrustError: if it would run something, or is damaged.
        OSError: if it cannot be read.
    """
    import torch

    require_plain(path)
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path, device=str(device))
        return torch.load(path, map_location=device, weights_only=True)
    except _FAULTS as error:
        reason = (str(error) or type(error).__name__).splitlines()[0][:100]
        raise TrustError(
            f"{path} cannot be loaded ({reason})",
            "weights are a whole file of torch.save or safetensors",
            "copy or train it again",
        ) from error
