"""Pixels reach each network as its authors' transform (torchvision over PIL) gives them."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torchvision import transforms
from torchvision.transforms import InterpolationMode

from monai_ext.networks.encoders import GPFM, KEEP, UNI, Conch, Midnight12k

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
OPENAI = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
HALF = ((0.5,) * 3, (0.5,) * 3)
BILINEAR, BICUBIC = InterpolationMode.BILINEAR, InterpolationMode.BICUBIC


@pytest.mark.parametrize(
    ("encoder", "side", "mode", "statistics"),
    [
        (UNI, 224, BILINEAR, IMAGENET),
        (Conch, 64, BICUBIC, OPENAI),
        (KEEP, 224, BICUBIC, IMAGENET),
        (GPFM, 224, BICUBIC, IMAGENET),
        (Midnight12k, 224, BILINEAR, HALF),
    ],
)
def test_pixels_differ_by_pils_two_roundings_alone(np_rng, encoder, side, mode, statistics):
    network = encoder(preset="tiny")
    network.backbone = nn.Identity()
    tile = np_rng.choice([90, 128, 170], size=(256, 256, 3)).astype(np.uint8)
    steps = [
        transforms.Resize(side, interpolation=mode),
        transforms.CenterCrop(side),
        transforms.ToTensor(),
        transforms.Normalize(*statistics),
    ]
    wanted = transforms.Compose(steps)(Image.fromarray(tile))
    grey = 255 * torch.tensor(statistics[1]).view(3, 1, 1)
    difference = (network.encode(tile[None])[0] - wanted) * grey
    assert difference.abs().max() < 1.2
