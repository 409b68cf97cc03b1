"""What a measurement of active learning is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from monai_ext.data.segmentation_datalist import load_segmentation_datalist
from monai_ext.errors import SettingError
from monai_ext.label.next_square import STRATEGIES

START, ALL = "start", "all"
"""The first round, which strategies share, and the run in which everything is annotated."""


@dataclass(frozen=True, kw_only=True)
class ActiveSettings:
    """Settings of all cells; a folder holds one experiment.

    Attributes:
        rounds: squares that are annotated at the end of each round, ascending; those of the first
            are drawn at random for all strategies.
        first_steps: of training in the first round.
        steps: of training in each other round.
        edge_px: of a square, level-0 px.
        limit: squares that are looked at for each question, see ``next_region``.
        model: ids of the bundle's ``inference.json``, see ``write_blank_model``.
        training: other choices of ``fine_tune``.
    """

    rounds: tuple[int, ...]
    first_steps: int
    steps: int
    edge_px: int
    limit: int = 100
    model: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)

    def verify(self) -> None:
        """Refuse what makes no experiment.

        Raises:
            SettingError: if rounds do not ascend from 1 at least, or there is one only.
        """
        pairs = zip((0, *self.rounds), self.rounds, strict=False)
        if len(self.rounds) < 2 or any(before >= after for before, after in pairs):
            raise SettingError(
                f"rounds={self.rounds}", "two numbers or more, ascending", "try 4, 8, 16"
            )

    def record(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        return asdict(self) | {"rounds": list(self.rounds)}


@dataclass(frozen=True)
class ActiveTask:
    """Images to annotate, and images that are held out.

    Attributes:
        datalist: of segmentation; its ``training`` part with masks is the pool.
        pool: items of it.
        class_names: by class number.
        mpp: um a px of the pool's images.
        split_hash: which images are in which part.
    """

    datalist: Path
    pool: list[dict[str, Any]]
    class_names: list[str]
    mpp: float
    split_hash: str


def read_task(datalist: Path) -> ActiveTask:
    """Read the pool of a datalist.

    Raises:
        CohortError: if the datalist is not sound.
        SettingError: if images of the pool differ in um a pixel, or do not say it.
    """
    found = load_segmentation_datalist(datalist)
    mpps = {item.get("mpp") for item in found.training}
    mpp = mpps.pop() if len(mpps) == 1 else None
    if not isinstance(mpp, (int, float)):
        raise SettingError(
            f"images of {datalist} have not one mpp",
            "a server has one default for images that do not say it",
            "give every item of the training part the same mpp",
        )
    return ActiveTask(datalist, found.training, found.class_names, float(mpp), found.split_hash)


@dataclass(frozen=True)
class ActiveCell:
    """One round of one strategy.

    Attributes:
        seed: of draws and training.
        strategy: a key of ``STRATEGIES``, ``ALL``, or ``START`` in round 0.
        number: of the round, from 0.
    """

    seed: int
    strategy: str
    number: int

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"seed{self.seed}/{self.strategy}/round{self.number}"

    @property
    def before(self) -> ActiveCell | None:
        """The cell whose weights and annotations it goes on from."""
        if self.number == 0:
            return None
        return ActiveCell(self.seed, START if self.number == 1 else self.strategy, self.number - 1)


def active_cells(settings: ActiveSettings, seed: int) -> list[ActiveCell]:
    """All cells of a seed, each after the one that it goes on from."""
    numbers = range(1, len(settings.rounds))
    lines = [ActiveCell(seed, one, k) for k in numbers for one in (*STRATEGIES, ALL)]
    return [ActiveCell(seed, START, 0), *lines]
