"""Few-shot draws from a bank of images: each image a bag, patients never split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from monai_ext.data.cohort import Cohort, CohortSlide
from monai_ext.data.few_shot import few_shot_splits
from monai_ext.data.mosaic import MosaicDataset
from monai_ext.data.mosaic_bank import MosaicBank
from monai_ext.data.mosaic_recipe import MosaicRecipe
from monai_ext.ops.regions import spatial_regions


class FewShotDraw(NamedTuple):
    """Training and test images of one draw and number of shots, by index."""

    draw: int
    shots: int
    training: tuple[int, ...]
    test: tuple[int, ...]


def few_shot_draws(
    bank: MosaicBank, shots: Sequence[int], draws: int, *, train_patients: int, seed: int
) -> list[FewShotDraw]:
    """Draws as ``split --shots`` makes them: see :func:`~monai_ext.data.few_shot_splits`.

    All numbers of shots of a draw share one test part.
    """
    slides = tuple(
        CohortSlide(name, patient, ["benign", "malignant"][label])
        for name, patient, label in zip(bank.names, bank.patients, bank.labels, strict=True)
    )
    cohort = Cohort(slides, ("benign", "malignant"), "the bank")
    place = {item.slide: k for k, item in enumerate(slides)}
    splits = few_shot_splits(
        cohort, shots=shots, draws=draws, train_patients=train_patients, seed=seed
    )
    return [
        FewShotDraw(
            int(split.settings["draw"]),
            int(split.settings["shots"]),
            tuple(place[name] for name in split.training),
            tuple(place[name] for name in split.test),
        )
        for split in splits
    ]


def image_bags(bank: MosaicBank, m: int) -> tuple[Tensor, Tensor]:
    """Every image of a bank as a bag of its own.

    Args:
        bank: the images.
        m: regions of each bag's region row, at most its coarsest tiles.

    Returns:
        Bags ``[I, 4 + D, N]`` and labels ``[I]``.
    """
    recipes = [
        MosaicRecipe(name, 0, "all", label, (1, 1), (k,), None)
        for k, (name, label) in enumerate(zip(bank.names, bank.labels, strict=True))
    ]
    dataset = MosaicDataset(bank, recipes)
    bags = torch.stack([dataset.compose(recipe)["image"].as_tensor().mT for recipe in recipes])
    level, row, col = bags[0, :, :3].long().unbind(1)
    bags[..., 3] = spatial_regions(level, row, col, m).to(bags.dtype)
    return bags.mT, torch.from_numpy(np.asarray(bank.labels)).long()
