"""Do the tests of ``compare`` reject equal methods as rarely, and cover as often, as they say?

python scripts/aa_campaign.py --output runs/aa --data ../shared/data

Writes ``campaign.md`` and ``campaign.json``: pairs of equal methods on real few-shot draws of GlaS
(random halves of the feature channels, mean pool + logistic regression; left out where the data
are not there), and simulated cohorts with a known difference. About 8 minutes on one core.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import fire
import numpy as np
from tqdm import tqdm

from monai_ext.atomic import write_atomically
from monai_ext.data import Cohort, Split, few_shot_splits, fold_splits
from monai_ext.data.glas import GLAS_CLASSES
from monai_ext.data.glas_npz import read_npz_bank
from monai_ext.errors import CohortError
from monai_ext.experiments.aa_campaign import Fit, Pair, mean_gap, run_pair
from monai_ext.experiments.aa_table import (
    CampaignRow,
    campaign_json,
    campaign_markdown,
    campaign_rows,
)
from monai_ext.experiments.channel_halves import ChannelHalves, bank_cohort
from monai_ext.experiments.simulated_cohort import (
    CohortRecipe,
    SimulatedCohort,
    ridge_scores,
    simulate_cohort,
)

NPZ = "glas-features/glas_efficientnet_lite0.npz"
GLAS_SHOTS, TRAIN_PATIENTS, C = (1, 2, 4, 8), 8, 0.01
EFFECTS = {"none": (1.0, 1.0), "some": (1.2, 0.6), "near 1": (2.0, 2.0)}
RIDGE = 10.0
Splits = Callable[[Cohort, int, int], list[Split]]


def _draws(shots: int, aside: int, draws: int = 0) -> Splits:
    return lambda cohort, seed, number: few_shot_splits(
        cohort, shots=[shots], draws=draws or number, train_patients=aside, seed=seed
    )


def _folds(number: int) -> Splits:
    return lambda cohort, seed, _: fold_splits(cohort, folds=number, seed=seed)


SIMULATED: dict[str, tuple[int, int, Splits]] = {
    "16 patients x 9 slides, 4 shots of 8 patients": (16, 9, _draws(4, 8)),
    "40 patients x 2 slides, 4 shots of 8 patients": (40, 2, _draws(4, 8)),
    "40 patients x 2 slides, 8 shots of 20 patients": (40, 2, _draws(8, 20)),
    "the same, 5 draws": (40, 2, _draws(8, 20, draws=5)),
    "the same, 10 draws": (40, 2, _draws(8, 20, draws=10)),
    "40 patients x 2 slides, 5 folds": (40, 2, _folds(5)),
}


def campaign(
    output: str = "runs/aa",
    data: str = "",
    pairs: int = 200,
    cohorts: int = 400,
    draws: int = 20,
    resamples: int = 500,
    seed: int = 0,
) -> None:
    """Run every case and write the table.

    Args:
        output: folder of ``campaign.md`` and ``campaign.json``.
        data: the data folder; ``MONAI_EXT_DATA``, or ``../shared/data``, if empty.
        pairs: of channel halves, for each number of shots.
        cohorts: simulated, for each case.
        draws: few-shot draws of a cohort.
        resamples: of the bootstrap, in simulated cohorts.
        seed: of everything.
    """
    rows: list[CampaignRow] = []
    place = Path(data or os.environ.get("MONAI_EXT_DATA", "../shared/data")) / NPZ
    if place.is_file():
        rows += _glas(place, pairs, draws, seed)
    else:
        print(f"{place} not found: no pairs on real data. Set MONAI_EXT_DATA.")
    for name, case in SIMULATED.items():
        for effect, effects in EFFECTS.items():
            numbers = (cohorts, draws, resamples, seed)
            rows += _simulated(f"{name}; effect {effect}", case, effects, numbers)
    text = campaign_markdown(rows)
    for name, content in (
        ("campaign.md", text + "\n"),
        ("campaign.json", json.dumps(campaign_json(rows), indent=1) + "\n"),
    ):
        with write_atomically(Path(output) / name) as path:
            path.write_text(content, encoding="utf-8")
    print(text)


def _glas(npz: Path, pairs: int, draws: int, seed: int) -> Iterator[CampaignRow]:
    bank = read_npz_bank(npz)
    cohort, features = bank_cohort(bank, (GLAS_CLASSES[0], GLAS_CLASSES[1]))
    labels = np.array(bank.labels)

    def pair(splits: Splits, number: int) -> Pair:
        rng = np.random.default_rng([seed, number])
        fit = ChannelHalves(features, labels, C, rng)
        return run_pair(cohort, _possible(cohort, splits, seed + number, draws), fit, seed=number)

    cases = {f"GlaS, {k} shot{'s' * (k > 1)}": _draws(k, TRAIN_PATIENTS) for k in GLAS_SHOTS}
    cases["GlaS, 5 folds"] = _folds(5)
    for name, splits in cases.items():
        found = [pair(splits, k) for k in tqdm(range(pairs), desc=name, disable=None)]
        yield from campaign_rows(name, found, true_gap=0.0, true_mean=None)


def _possible(cohort: Cohort, splits: Splits, seed: int, draws: int) -> list[Split]:
    """Splits of the first seed that allows them: 8 patients may have less than 8 slides a class."""
    for again in range(100):
        with contextlib.suppress(CohortError):
            return splits(cohort, seed + 1_000_000 * again, draws)
    return splits(cohort, seed, draws)


def _simulated(
    name: str,
    case: tuple[int, int, Splits],
    effects: tuple[float, float],
    numbers: tuple[int, int, int, int],
) -> list[CampaignRow]:
    patients, slides, splits = case
    cohorts, draws, resamples, seed = numbers
    recipe = CohortRecipe(patients, slides, effects)
    truth = _truth(recipe, splits, seed)
    if effects[0] == effects[1]:
        truth = truth[0], 0.0
    found = []
    for k in tqdm(range(cohorts), desc=name, disable=None):
        made = simulate_cohort(recipe, np.random.default_rng([seed, 0, k]))
        of_cohort = splits(made.cohort, seed + k, draws)
        found.append(run_pair(made.cohort, of_cohort, _fit(made), seed=k, resamples=resamples))
    return campaign_rows(name, found, true_gap=truth[1], true_mean=truth[0])


def _truth(recipe: CohortRecipe, splits: Splits, seed: int) -> tuple[float, float]:
    """Score and difference expected of a new cohort: over 1,000 others, a few draws each."""
    found: Sequence[tuple[float, float]] = []
    for k in range(1000):
        made = simulate_cohort(recipe, np.random.default_rng([seed, 1, k]))
        found = [*found, mean_gap(made.cohort, splits(made.cohort, seed + k, 4), _fit(made))]
    score, gap = np.mean(found, axis=0)
    return float(score), float(gap)


def _fit(made: SimulatedCohort) -> Fit:
    return lambda method, train, test: ridge_scores(
        made.blocks[method][train], made.labels[train], made.blocks[method][test], RIDGE
    )


if __name__ == "__main__":
    fire.Fire(campaign)
