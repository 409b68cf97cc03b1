"""HDF5 attributes as plain Python values: other tools write numbers as text, None as ``"None"``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def plain_attributes(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Values as str, int, float or list; ``"None"`` and ``"NA"`` as None."""
    return {str(name): _plain(value) for name, value in attrs.items()}


def as_number(value: object) -> float | None:
    """A positive or zero finite number, also from text; None for anything else.

    Example:
        >>> as_number("512"), as_number("NA"), as_number(None), as_number(float("nan"))
        (512.0, None, None, None)
    """
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) and number >= 0 else None


def as_whole(value: object) -> int | None:
    """``as_number`` rounded to an int."""
    number = as_number(value)
    return None if number is None else round(number)


def _plain(value: object) -> Any:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    return None if value in ("None", "NA", "") else value
