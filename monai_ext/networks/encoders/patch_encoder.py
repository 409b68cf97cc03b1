"""What turns tiles into feature vectors, behind one small contract.

Annotations stay evaluated here: TorchScript reads them.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from monai_ext.hashing import json_hash, state_hash


class PatchEncoder(nn.Module):
    r"""A frozen image network that maps tiles to vectors and normalises by itself.

    The callers of an encoder (extraction, a label server, a bundle's checks) differ in how they
    get pixels; none of them should know how a network wants its input scaled.
    :math:`f(x) = \mathrm{backbone}((\mathrm{resize}(x) - \mu) / \sigma)`.

    Shapes:
        B tiles, H rows, W columns, D feature width.

    Args:
        backbone: maps normalised float32 ``[B, 3, H, W]`` to ``[B, D]``.
        mean: what is subtracted, one value a channel, in grey levels 0..255.
        std: what is divided by, one value a channel, in grey levels.
        input_px: side to which tiles are resized first (antialiased); None takes tiles as they
            come.
        interpolation: of that resizing, ``"bilinear"`` or ``"bicubic"``; what bicubic throws
            beyond black and white is cut off.

    Subclasses set the class attributes ``encoder_id`` (TRIDENT's name where it has one),
    ``embed_dim`` (D; 0 if it depends on the arguments), ``licence`` (SPDX), ``commercial_use``
    (None if it depends on the weights) and, on small random stand-ins, ``is_stand_in``: results
    with those are not comparable to any other.
    """

    __jit_unused_properties__: Sequence[str] = ["weight_hash", "transform_hash"]

    encoder_id: str
    embed_dim: int
    licence: str
    commercial_use: bool | None
    is_stand_in: bool = False
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        backbone: nn.Module,
        mean: Sequence[float],
        std: Sequence[float],
        input_px: int | None = None,
        interpolation: str = "bilinear",
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.interpolation = interpolation
        self.input_px = None if input_px is None else int(input_px)
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)
        self.eval().requires_grad_(requires_grad=False)

    @classmethod
    def missing(cls) -> str | None:
        """What has to be done before this encoder can be built here; None when it can."""
        return None

    def forward(self, image: Tensor) -> Tensor:
        """Map tiles to vectors.

        Args:
            image: float32 ``[B, 3, H, W]``, RGB in 0..255.

        Returns:
            ``[B, D]``.
        """
        if self.input_px is not None:
            size = [self.input_px, self.input_px]
            mode = self.interpolation
            image = functional.interpolate(image, size=size, mode=mode, antialias=True)
            if mode == "bicubic":
                image = image.clamp(0.0, 255.0)
        return self.backbone((image - self.mean) / self.std)

    def encode(self, tiles: np.ndarray | Tensor) -> Tensor:
        """Map 8-bit tiles, as a slide reader gives them, to vectors.

        Args:
            tiles: uint8 ``[B, H, W, 3]`` RGB; an array or a tensor on any device.

        Returns:
            float32 ``[B, D]`` on this module's device.

        Raises:
            ValueError: if ``tiles`` has another type or shape.
        """
        pixels = torch.as_tensor(tiles)
        if pixels.dtype != torch.uint8 or pixels.ndim != 4 or pixels.shape[3] != 3:
            raise ValueError(
                f"tiles are {pixels.dtype} {tuple(pixels.shape)}; encode takes uint8 [B, H, W, 3]: "
                "call forward for float [B, 3, H, W]"
            )
        if not len(pixels):
            return torch.zeros(0, self.embed_dim, device=self.mean.device)
        with torch.inference_mode():
            # The permuted view already is channels_last in memory.
            return self(pixels.to(self.mean.device).permute(0, 3, 1, 2).float()).float()

    @property
    def weight_hash(self) -> str:
        """Hash of names, shapes and bytes of the weights."""
        return state_hash(self.state_dict())

    @property
    def transform_hash(self) -> str:
        """Hash of what happens to pixels before the first layer."""
        return json_hash(
            {
                "mean": self.mean.flatten().tolist(),
                "std": self.std.flatten().tolist(),
                "input_px": self.input_px,
                "resize": None if self.input_px is None else f"{self.interpolation}, antialiased",
            }
        )
