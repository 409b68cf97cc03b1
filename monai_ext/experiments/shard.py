"""A part of the work for one of several machines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from monai_ext.errors import SettingError

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Shard:
    """Shard ``index`` of ``count``; the first is 1."""

    index: int
    count: int

    def pick(self, items: Sequence[_Item]) -> list[_Item]:
        """Every ``count``-th item from the ``index``-th on: the same ones whoever asks.

        Example:
            >>> Shard(2, 3).pick("abcdefg")
            ['b', 'e']
        """
        return list(items[self.index - 1 :: self.count])


def read_shard(text: str) -> Shard:
    """Read ``i/n``.

    Raises:
        SettingError: unless 1 <= i <= n.

    Example:
        >>> read_shard("2/4")
        Shard(index=2, count=4)
    """
    found = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", text)
    index, count = (int(number) for number in found.groups()) if found else (0, 0)
    if not 1 <= index <= count:
        raise SettingError(
            f"--shard {text}", "a shard is i/n with i from 1 to n", "--shard 1/4 to --shard 4/4"
        )
    return Shard(index, count)
