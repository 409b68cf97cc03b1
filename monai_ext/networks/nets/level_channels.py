"""Which widths the levels of a network read."""

from __future__ import annotations

from collections.abc import Sequence


def level_channels(in_channels: Sequence[int] | int, levels: Sequence[int]) -> list[int]:
    """Feature width of each level that a network uses.

    Args:
        in_channels: one width for all, or one a level of the bag (level k reads entry k), or one a
            level used. A single-magnification bag of level 1 so takes ``[D]`` with ``levels=[1]``.
        levels: levels used, finest first.

    Returns:
        One width for each of ``levels``.

    Raises:
        ValueError: if ``levels`` is empty, not ascending or negative, or ``in_channels`` does not
            fit.

    Example:
        >>> level_channels([1024, 512, 512], [0, 2]), level_channels([512], [1])
        ([1024, 512], [512])
    """
    if not levels or list(levels) != sorted(set(levels)) or levels[0] < 0:
        raise ValueError(f"levels={list(levels)} must be ascending, finest first, e.g. [0, 1, 2]")
    if isinstance(in_channels, int):
        return [in_channels] * len(levels)
    if len(in_channels) == len(levels):
        return list(in_channels)
    if len(in_channels) > levels[-1]:
        return [in_channels[level] for level in levels]
    raise ValueError(
        f"in_channels={list(in_channels)} does not fit levels={list(levels)}: "
        "give one width a level of the bag, one a level used, or a single number"
    )
