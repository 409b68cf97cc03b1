"""Colours of classes, the same in every picture and in QuPath."""

from __future__ import annotations

_OKABE_ITO = (
    (213, 94, 0),
    (0, 114, 178),
    (240, 228, 66),
    (0, 158, 115),
    (204, 121, 167),
    (86, 180, 233),
    (230, 159, 0),
)
_GROUND = (200, 200, 200)


def class_colours(num_classes: int) -> tuple[tuple[int, int, int], ...]:
    """Red, green, blue of each class; the background, class 0, is grey.

    Seven colours that the colour-blind tell apart (Okabe and Ito), then again from the first.

    Example:
        >>> class_colours(2)
        ((200, 200, 200), (213, 94, 0))
    """
    return _GROUND, *(_OKABE_ITO[k % len(_OKABE_ITO)] for k in range(num_classes - 1))
