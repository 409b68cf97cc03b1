"""Which settings are tried: a seeded random search, or the grid where that is smaller."""

from __future__ import annotations

import ast
import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from monai_ext.errors import SettingError

_TRIES = 100  # draws a trial, where a narrow range holds few numbers of 4 digits


@dataclass(frozen=True)
class Range:
    """All numbers from ``low`` to ``high``.

    Attributes:
        low: lower end.
        high: upper end, above it.
        is_log: drawn evenly in the logarithm.
    """

    low: float
    high: float
    is_log: bool = False

    def draw(self, rng: np.random.Generator) -> float:
        """One number, to 4 digits."""
        if not self.is_log:
            return float(f"{rng.uniform(self.low, self.high):.4g}")
        return float(f"{math.exp(rng.uniform(math.log(self.low), math.log(self.high))):.4g}")


@dataclass(frozen=True)
class SearchSpace:
    """Config ids with their choices or range."""

    values: Mapping[str, tuple[Any, ...] | Range]

    @property
    def size(self) -> float:
        """Number of different settings; infinite with a range."""
        if any(isinstance(value, Range) for value in self.values.values()):
            return math.inf
        return math.prod(len(value) for value in self.values.values())  # type: ignore[arg-type]

    def trials(self, number: int, seed: int) -> list[dict[str, Any]]:
        """Different settings to try: ``number`` random ones, or all where there are not more.

        Args:
            number: budget, the same for every method that is compared.
            seed: of the draw; the same seed gives the same trials on every machine.
        """
        rng = np.random.default_rng(seed)
        if self.size == math.inf:
            return self._distinct(number, rng)
        grid = [dict(zip(self.values, each, strict=True)) for each in self._grid()]
        if len(grid) <= number:
            return grid
        return [grid[k] for k in rng.choice(len(grid), size=number, replace=False)]

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            name: {"low": value.low, "high": value.high, "log": value.is_log}
            if isinstance(value, Range)
            else list(value)
            for name, value in self.values.items()
        }

    def _grid(self) -> itertools.product[tuple[Any, ...]]:
        return itertools.product(*(v for v in self.values.values() if not isinstance(v, Range)))

    def _distinct(self, number: int, rng: np.random.Generator) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for _ in range(_TRIES * number):
            drawn = {
                name: value.draw(rng)
                if isinstance(value, Range)
                else value[int(rng.integers(len(value)))]
                for name, value in self.values.items()
            }
            if drawn not in found:
                found.append(drawn)
            if len(found) == number:
                break
        return found


def read_space(text: str) -> SearchSpace:
    """Read a space from a JSON file, or from ``"learning_rate=1e-4,3e-4;dropout=0,.25"``.

    In JSON an id has a list of choices, or ``{"low": 1e-5, "high": 1e-3, "log": true}``.

    Raises:
        SettingError: if it cannot be read, or an id has no choice or an empty range.
    """
    is_file = text.strip().endswith(".json")
    try:
        found = json.loads(Path(text.strip()).read_text(encoding="utf-8")) if is_file else None
        values = _from_json(found) if is_file else _from_words(text)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SettingError(
            f"--space {text}: {error}",
            "a space is id=choice,choice;id=choice or a JSON file of ids with choices or ranges",
            '--space "learning_rate=1e-4,3e-4;dropout=0,.25"',
        ) from error
    return SearchSpace(values)


def _from_words(text: str) -> dict[str, tuple[Any, ...] | Range]:
    values: dict[str, tuple[Any, ...] | Range] = {}
    for part in filter(None, (each.strip() for each in text.split(";"))):
        name, sign, choices = part.partition("=")
        words = tuple(_value(word.strip()) for word in choices.split(",") if word.strip())
        if not sign or not name.strip() or not words or name.strip() in values:
            raise ValueError(f"{part!r} is no id with choices, or is there twice")
        values[name.strip()] = words
    return _known(values)


def _from_json(found: Any) -> dict[str, tuple[Any, ...] | Range]:
    values: dict[str, tuple[Any, ...] | Range] = {}
    for name, value in found.items():
        if isinstance(value, dict):
            low, high = float(value["low"]), float(value["high"])
            is_log = bool(value.get("log", False))
            if not low < high or (is_log and low <= 0):
                raise ValueError(f"{name} has the range {low} to {high}")
            values[str(name)] = Range(low, high, is_log)
        elif isinstance(value, list) and value:
            values[str(name)] = tuple(value)
        else:
            raise ValueError(f"{name} has no choices")
    return _known(values)


def _known(values: dict[str, tuple[Any, ...] | Range]) -> dict[str, tuple[Any, ...] | Range]:
    if not values:
        raise ValueError("there is nothing to choose from")
    return values


def _value(word: str) -> Any:
    try:
        return ast.literal_eval(word)
    except (ValueError, SyntaxError):
        return word
