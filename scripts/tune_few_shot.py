"""Learning rate and weight decay of every few-shot method, the same six trials for each.

python scripts/tune_few_shot.py --bank npz --output runs/few_shot_tune
python scripts/few_shot_experiment.py --bank npz --fits runs/few_shot_tune/fits.json --output ...

Trials are scored with 4 shots a class on draws 100 to 102, which are never reported. Each is a
line of trials.csv as soon as it is done; a rerun does only what is missing.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import fire
import torch
from few_shot_experiment import FEW, FIT, MANY, SETTINGS, TRAIN_PATIENTS, open_images
from mosaic_experiment import method_names, read_text
from tqdm import tqdm
from tune_mosaic import LEARNING_RATES, WEIGHT_DECAYS, write_best

from monai_ext.errors import MonaiExtError
from monai_ext.experiments.few_shot_bags import few_shot_draws
from monai_ext.experiments.mosaic_scores import ScoreTable

SHOTS, FIRST_DRAW, DRAWS = 4, 100, 3


def tune(
    bank: str,
    output: str,
    methods: str | tuple[str, ...] = "",
    text: str = "",
    tile_level: int = 0,
    threads: int = 1,
) -> None:
    """Run all trials; then write the best of each method.

    Args:
        bank: as of ``few_shot_experiment.py``.
        output: ``trials.csv`` and ``fits.json`` go there.
        methods: names, with commas; all if empty.
        text: embeddings of ``embed-text`` for Libra-MIL; random unit vectors without.
        tile_level: the level that methods of one level read.
        threads: of torch.
    """
    torch.set_num_threads(threads)
    try:
        settings = replace(SETTINGS, tile_level=tile_level, text=read_text(str(text)))
        images = open_images(str(bank), settings)
        draws = few_shot_draws(
            images.bank,
            [SHOTS],
            DRAWS,
            train_patients=TRAIN_PATIENTS,
            seed=0,
            first_draw=FIRST_DRAW,
        )
    except MonaiExtError as error:
        raise SystemExit(str(error)) from None
    table = ScoreTable(Path(str(output)) / "trials.csv")
    trials = product(draws, method_names(methods) or [*MANY, *FEW], LEARNING_RATES, WEIGHT_DECAYS)
    for draw, name, rate, decay in tqdm(list(trials), unit="trial"):
        key = f"{name} {rate} {decay}"
        if not table.has(draw.draw, key, 0):
            fit = replace(FIT, learning_rate=rate, weight_decay=decay)
            table.add(draw.draw, key, 0, *images.score(draw, name, fit, 0))
    write_best(table, Path(str(output)))


if __name__ == "__main__":
    fire.Fire(tune)
