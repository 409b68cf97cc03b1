"""Weights from a local file: every tensor has its place, and every place its tensor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from torch import Tensor, nn

from monai_ext.errors import SettingError, TrustError
from monai_ext.trust import load_state

_WRAPPERS = ("state_dict", "model", "teacher")


def read_weights(path: str | Path, repair: str) -> dict[str, Tensor]:
    """Read a state dict without running code that the file may carry.

    Args:
        path: ``.safetensors``, or a file of ``torch.save`` that holds only tensors.
        repair: how to get the right file, for the error.

    Raises:
        SettingError: if the file is missing, damaged, or holds more than tensors.
    """
    file = Path(path)
    if not file.is_file():
        raise SettingError(f"no weights at {file}", "weights are a local file", repair)
    try:
        stored = load_state(file)
    except (TrustError, OSError) as error:
        reason = error.found if isinstance(error, TrustError) else error.strerror
        raise SettingError(
            f"{file} cannot be read as weights ({reason})",
            "a safetensors file, or one of torch.save with tensors alone",
            repair,
        ) from error
    return _unwrapped(stored, file, repair)


def load_strictly(network: nn.Module, state: Mapping[str, Tensor], source: str, hint: str) -> None:
    """Fill a network; names and shapes agree exactly, else nothing is loaded.

    Args:
        network: what is filled; on the ``meta`` device it takes the given tensors over.
        state: names to tensors.
        source: what the error calls the weights, e.g. their file.
        hint: the commonest cause of a mismatch and its repair.

    Raises:
        SettingError: naming the first wrong keys.
    """
    wanted = network.state_dict()
    faults = [f"missing {name}" for name in wanted if name not in state]
    faults += [f"unexpected {name}" for name in state if name not in wanted]
    faults += [
        f"{name} is {tuple(state[name].shape)}, not {tuple(wanted[name].shape)}"
        for name in wanted
        if name in state and state[name].shape != wanted[name].shape
    ]
    if faults:
        more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
        raise SettingError(
            f"{source} does not fit: {'; '.join(faults[:3])}{more}",
            "every tensor agrees in name and shape",
            hint,
        )
    floats = {key: v.float() if v.is_floating_point() else v for key, v in state.items()}
    network.load_state_dict(floats, strict=True, assign=True)


def renamed(state: Mapping[str, Tensor], rename: Callable[[str], str | None]) -> dict[str, Tensor]:
    """A state dict under new names; ``None`` drops a tensor."""
    pairs = ((rename(name), tensor) for name, tensor in state.items())
    return {name: tensor for name, tensor in pairs if name is not None}


def _unwrapped(stored: object, file: Path, repair: str) -> dict[str, Tensor]:
    if isinstance(stored, Mapping):
        inner = [stored[key] for key in _WRAPPERS if isinstance(stored.get(key), Mapping)]
        state = inner[0] if inner else stored
        if state and all(isinstance(value, Tensor) for value in state.values()):
            return dict(state)
    raise SettingError(f"{file} holds no state dict", "names and tensors, nothing else", repair)
