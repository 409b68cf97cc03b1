"""Pictures, and a network whose logits every test can compute by itself."""

import numpy as np
import torch
from PIL import Image
from torch import nn

from monai_ext.engines.segment_settings import SegmentationSettings
from monai_ext.engines.segment_source import SlideToSegment


class Context(nn.Module):
    """Random convolutions: what it says of a pixel depends on where the window ends."""

    def __init__(self, num_classes=3):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.first = nn.Conv2d(3, 5, 5, padding=2)
        self.last = nn.Conv2d(5, num_classes, 3, padding=1)
        for part in self.parameters():
            part.data = torch.randn(part.shape, generator=generator) / part[0].numel() ** 0.5

    def forward(self, image):
        return self.last(torch.tanh(self.first(image / 64 - 2)))


class Purple(nn.Module):
    """Class 1 where red is much above green and blue above green, class 2 where it is dark blue."""

    def forward(self, image):
        red, green, blue = image.unbind(1)
        gland = (torch.minimum(red, blue) - green - 52) / 8
        nucleus = (60 - red) / 8 + 4 * (green < 60)
        return torch.stack([torch.zeros_like(red), gland, nucleus], 1)


def random_picture(height, width, seed=0):
    """Smooth noise: uint8 [height, width, 3]."""
    from scipy.ndimage import gaussian_filter

    noise = np.random.default_rng(seed).normal(size=(height, width, 3))
    smooth = gaussian_filter(noise, (2, 2, 0), mode="nearest")
    return np.clip(128 + 300 * smooth, 0, 255).astype(np.uint8)


def settings_for(**changes):
    values = {"target_mpp": 0.5, "roi_px": 32, "overlap": 0.25, "batch_size": 3, "prefetch": 2}
    values |= {"read_px": 16}
    return SegmentationSettings(**{**values, **changes})


def saved(path, picture):
    Image.fromarray(picture).save(path)
    return path


def image_slide(path, picture, mpp=0.5, **changes):
    return SlideToSegment(saved(path, picture), path.stem, mpp, settings_for(**changes))
