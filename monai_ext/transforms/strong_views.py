"""Strongly changed copies of an image whose pixels stay where they are."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.transforms.transform import Randomizable
from torchvision.transforms.v2 import functional


class StrongViewsd(Randomizable):
    """Colour jitter in random order, sometimes grey, sometimes blurred; each view drawn anew.

    Args:
        image_key: uint8 ``[3, H, W]``.
        view_keys: new keys, one a view.
        jitter: largest change of brightness, contrast and saturation (factors 1 - v to 1 + v) and
            of hue (share of the circle).
        jitter_prob: how often colours change.
        grey_prob: how often the view is grey.
        blur_prob: how often it is blurred.
        blur_sigma: range of the Gaussian's width in px.

    Reference:
        UniMatch, CVPR 2023, https://arxiv.org/abs/2208.09910, whose numbers are the defaults.
    """

    def __init__(
        self,
        image_key: str = "image",
        view_keys: Sequence[str] = ("strong_1", "strong_2"),
        *,
        jitter: Sequence[float] = (0.5, 0.5, 0.5, 0.25),
        jitter_prob: float = 0.8,
        grey_prob: float = 0.2,
        blur_prob: float = 0.5,
        blur_sigma: Sequence[float] = (0.1, 2.0),
    ) -> None:
        self.image_key, self.view_keys, self.jitter = image_key, tuple(view_keys), tuple(jitter)
        self.jitter_prob, self.grey_prob, self.blur_prob = jitter_prob, grey_prob, blur_prob
        self.blur_sigma = float(blur_sigma[0]), float(blur_sigma[1])

    def randomize(self, data: Any = None) -> None:
        """Nothing is kept between calls; each view draws from ``R``."""
        del data

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Add the views."""
        item = dict(data)
        for key in self.view_keys:
            item[key] = self._view(item[self.image_key])
        return item

    def _view(self, image: torch.Tensor) -> torch.Tensor:
        if self.R.rand() < self.jitter_prob:
            image = self._jittered(image)
        if self.R.rand() < self.grey_prob:
            image = functional.rgb_to_grayscale(image, num_output_channels=3)
        if self.R.rand() < self.blur_prob:
            sigma = float(self.R.uniform(self.blur_sigma[0], self.blur_sigma[1]))
            kernel = 2 * max(1, round(3 * sigma)) + 1
            image = functional.gaussian_blur(image, [kernel, kernel], [sigma, sigma])
        return image

    def _jittered(self, image: torch.Tensor) -> torch.Tensor:
        change = [float(self.R.uniform(-v, v)) for v in self.jitter]
        for k in self.R.permutation(4):
            if k == 0:
                image = functional.adjust_brightness(image, 1 + change[0])
            elif k == 1:
                image = functional.adjust_contrast(image, 1 + change[1])
            elif k == 2:
                image = functional.adjust_saturation(image, 1 + change[2])
            else:
                image = functional.adjust_hue(image, change[3])
        return image


StrongViewsD = StrongViewsDict = StrongViewsd
