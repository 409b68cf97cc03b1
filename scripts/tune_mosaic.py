"""Learning rate and weight decay of every method on mosaics, the same six trials for each.

python scripts/tune_mosaic.py --bank npz --mosaic 12 --output runs/tune12
python scripts/mosaic_experiment.py --bank npz --mosaic 12 --fits runs/tune12/fits.json --output ...

Trials are scored on draws 100 and 101, which are never reported. Each is a line of trials.csv as
soon as it is done; a rerun does only what is missing.
"""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import mean

import fire
import torch
from mosaic_experiment import (
    COMPONENTS,
    REGIONS_AN_IMAGE,
    SETTINGS,
    method_names,
    open_draws,
    read_text,
)
from tqdm import tqdm

from monai_ext.errors import MonaiExtError
from monai_ext.experiments.mosaic_draw import load_draw
from monai_ext.experiments.mosaic_methods import MosaicSettings, mosaic_methods
from monai_ext.experiments.mosaic_scores import ScoreTable

FIRST_DRAW, DRAWS = 100, 2
LEARNING_RATES, WEIGHT_DECAYS = (1e-3, 3e-3, 1e-2), (0.1, 1.0)


def tune(
    bank: str,
    output: str,
    methods: str | tuple[str, ...],
    recipes: str = "",
    mosaic: int = 12,
    tile_level: int = 0,
    text: str = "",
    threads: int = 1,
) -> None:
    """Run all trials; then write the best of each method.

    Args:
        bank: as of ``mosaic_experiment.py``.
        output: ``trials.csv`` and ``fits.json`` go there.
        methods: names, with commas.
        recipes: JSON of ``prepare_glas.py``, of draws 100 and on; none with ``npz``.
        mosaic: images of a mosaic, with ``npz``.
        tile_level: the level that methods of one level read.
        text: embeddings of ``embed-text`` for Libra-MIL; random unit vectors without.
        threads: of torch.
    """
    torch.set_num_threads(threads)
    try:
        numbers = range(FIRST_DRAW, FIRST_DRAW + DRAWS)
        opened, drawn = open_draws(str(bank), str(recipes), mosaic, numbers)
    except MonaiExtError as error:
        raise SystemExit(str(error)) from None
    table, names = ScoreTable(Path(str(output)) / "trials.csv"), method_names(methods)
    bags = replace(SETTINGS.bags, tile_level=tile_level, text=read_text(str(text)))
    for recipes_of in tqdm(drawn, unit="draw"):
        draw = load_draw(opened, recipes_of, COMPONENTS)
        for rate, decay in product(LEARNING_RATES, WEIGHT_DECAYS):
            fit = replace(SETTINGS.fit, learning_rate=rate, weight_decay=decay)
            regions = REGIONS_AN_IMAGE * len(recipes_of[0].images)
            found = mosaic_methods(MosaicSettings(SETTINGS.penalty, bags, fit), regions)
            for name in names:
                key, number = f"{name} {rate} {decay}", recipes_of[0].draw
                if not table.has(number, key, 0):
                    table.add(number, key, 0, draw.test.labels, found[name](draw, 0).slides)
    write_best(table, Path(str(output)))


def write_best(table: ScoreTable, output: Path) -> None:
    """``fits.json``: the trial with the highest mean AUC over the draws, of each method."""
    path, best = output / "fits.json", {}
    for key, of_draw in table.by_method().items():
        name, rate, decay = key.split()
        score = mean(of_draw.values())
        if score > best.get(name, {"auc": -1.0})["auc"]:
            trial = {"learning_rate": float(rate), "weight_decay": float(decay), "auc": score}
            best[name] = trial
    path.write_text(json.dumps(best, indent=1) + "\n")
    print(path.read_text())


if __name__ == "__main__":
    fire.Fire(tune)
