"""Few-shot draws from a bank of images: each image a bag, patients never split."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from monai_ext.data.cohort import Cohort, CohortSlide
from monai_ext.data.few_shot import few_shot_splits
from monai_ext.data.mosaic import MosaicDataset
from monai_ext.data.mosaic_bank import MosaicBank
from monai_ext.data.mosaic_recipe import MosaicRecipe
from monai_ext.data.split_parts import Split
from monai_ext.errors import CohortError
from monai_ext.ops.regions import spatial_regions


class FewShotDraw(NamedTuple):
    """Training and test images of one draw and number of shots, by index."""

    draw: int
    shots: int
    training: tuple[int, ...]
    test: tuple[int, ...]


def few_shot_draws(
    bank: MosaicBank,
    shots: Sequence[int],
    draws: int,
    *,
    train_patients: int,
    seed: int,
    first_draw: int = 0,
) -> list[FewShotDraw]:
    """Draws as ``split --shots`` makes them: see :func:`~monai_ext.data.few_shot_splits`.

    All numbers of shots of a draw share one test part. A draw whose patients have fewer images of
    a class than shots is passed over, for that number of shots, and the next one taken.

    Args:
        bank: the images.
        shots: images a class.
        draws: so many for each number of shots.
        train_patients: patients set aside in each draw.
        seed: of the draws.
        first_draw: number of the first.

    Raises:
        CohortError: if ten times as many draws do not hold enough that are possible.
    """
    slides = tuple(
        CohortSlide(name, patient, ["benign", "malignant"][label])
        for name, patient, label in zip(bank.names, bank.patients, bank.labels, strict=True)
    )
    cohort = Cohort(slides, ("benign", "malignant"), "the bank")
    make = partial(few_shot_splits, cohort, draws=1, train_patients=train_patients, seed=seed)
    numbers = range(first_draw, first_draw + 10 * draws)
    found = []
    for k in sorted(set(shots)):
        splits = list(islice(_possible(make, k, numbers), draws))
        if len(splits) < draws:
            raise CohortError(
                f"{len(splits)} of {len(numbers)} draws have {k} images of each class to train on",
                f"{draws} are asked for",
                "ask for fewer shots or draws, or more training patients",
            )
        found += [_by_index(split, bank.names) for split in splits]
    return found


def _possible(make: Callable[..., list[Split]], k: int, numbers: range) -> Iterator[Split]:
    """Splits of k shots, of those draws whose patients have enough images."""
    for number in numbers:
        with suppress(CohortError):
            yield make(shots=[k], first_draw=number)[0]


def _by_index(split: Split, names: Sequence[str]) -> FewShotDraw:
    place = {name: k for k, name in enumerate(names)}
    training, test = (tuple(place[name] for name in part) for part in (split.training, split.test))
    return FewShotDraw(int(split.settings["draw"]), int(split.settings["shots"]), training, test)


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
