"""What a network takes, as its metadata say, and random inputs of that form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

INSTANCES = 300
"""Most instances of a random bag."""
EDGES = 6
"""Most multiples of a network's stride along a side of a random image."""
IMAGES = 4
"""Most images of a random batch."""


@dataclass(frozen=True)
class InputForm:
    """Channels and sides of one input.

    Args:
        channels: of the second axis.
        sides: of the axes behind it; None: any length.
        high: greatest value of an image; a bag has features between 0 and 1.
    """

    channels: int
    sides: tuple[int | None, ...]
    high: float = 1.0

    @property
    def is_image(self) -> bool:
        """Whether it has rows and columns; else it is a bag, see ``ops.bag_layout``."""
        return len(self.sides) == 2

    def example(
        self, sides: Sequence[int], rng: torch.Generator, *, batch: int = 1
    ) -> torch.Tensor:
        """A random input; a bag has sound levels, places and regions.

        Args:
            sides: lengths of the axes that may have any.
            rng: generator.
            batch: images or bags.

        Returns:
            float32 ``[batch, channels, *sides]``.
        """
        given = iter(sides)
        shape = [next(given) if side is None else side for side in self.sides]
        x = torch.rand(batch, self.channels, *shape, generator=rng)
        if self.is_image:
            return x * self.high
        for row, (low, high) in enumerate(((0, 3), (0, 9), (0, 9), (-1, 6))):
            x[:, row] = torch.randint(low, high, (batch, shape[0]), generator=rng).float()
        return x


def input_form(metadata: dict[str, Any], tile_px: int | None = None) -> InputForm:
    """Form of the first input of a bundle.

    Args:
        metadata: of the bundle or run.
        tile_px: side in place of sides of fixed length; None: theirs.
    """
    image = metadata["network_data_format"]["inputs"]["image"]
    sides = [None if isinstance(s, str) else tile_px or int(s) for s in image["spatial_shape"]]
    high = image["value_range"][1] if image["value_range"] else 1.0
    return InputForm(int(image["num_channels"]), tuple(sides), float(high))


def random_inputs(
    form: InputForm, count: int, *, multiple: int | None = None, seed: int = 0
) -> Iterator[torch.Tensor]:
    """Inputs of different sizes; the first has one instance, or the smallest sides.

    Args:
        form: what the network takes.
        count: of inputs.
        multiple: sides of images are multiples of it, two at least; None: any length.
        seed: of sizes and values.
    """
    rng = torch.Generator().manual_seed(seed)

    def draw(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (), generator=rng))

    for k in range(count):
        if not form.is_image:
            yield form.example([1 if k == 0 else draw(2, INSTANCES)], rng)
            continue
        step, low = (1, 1) if multiple is None else (multiple, 2)
        high = EDGES * 32 if multiple is None else EDGES
        free = sum(side is None for side in form.sides)
        sides = [step * (low if k == 0 else draw(low, high)) for _ in range(free)]
        yield form.example(sides, rng, batch=1 + k % IMAGES)
