"""Compare methods on mosaics: can one malignant image among 12 or 24 be found from slide labels?

python scripts/mosaic_experiment.py --bank runs/glas_mosaics/bank \
    --recipes runs/glas_mosaics/mosaic12_malignant1_draw0.json --output runs/mosaic12
python scripts/mosaic_experiment.py --bank npz --mosaic 24 --output runs/mosaic24_npz
python scripts/mosaic_experiment.py --bank npz --mosaic 24 --scattered --output runs/mosaic24_mixed

Each draw and method is one line of scores.csv as soon as it is done; a rerun does only what is
missing. Settings were chosen on draws 100 to 105 by tune_mosaic.py, never on those reported.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import fire
import torch
from tqdm import tqdm

from monai_ext.data import read_text_embeddings
from monai_ext.data.glas_npz import read_npz_bank
from monai_ext.data.mosaic_bank import MosaicBank, read_bank
from monai_ext.data.mosaic_recipe import MosaicPlan, MosaicRecipe, draw_mosaics, read_recipes
from monai_ext.errors import MonaiExtError
from monai_ext.experiments.bag_methods import BagSettings
from monai_ext.experiments.fit_bags import FitSettings
from monai_ext.experiments.mosaic_draw import load_draw, tile_truth
from monai_ext.experiments.mosaic_methods import MosaicSettings, mosaic_methods
from monai_ext.experiments.mosaic_scores import (
    ScoreTable,
    share_found,
    summarise_scores,
    tile_auc,
)
from monai_ext.flags import as_bool

COMPONENTS = 128
REGIONS_AN_IMAGE = 2
SETTINGS = MosaicSettings(
    penalty=0.1,
    bags=BagSettings(hidden_dim=16, dropout=0.25),
    fit=FitSettings(epochs=30, learning_rate=3e-3, weight_decay=1.0, batch_size=4),
)


def compare(  # noqa: PLR0913, PLR0917  a command line has as many options as it has
    bank: str,
    output: str,
    recipes: str = "",
    mosaic: int = 12,
    scattered: bool = False,  # noqa: FBT001, FBT002
    draws: int = 16,
    first_draw: int = 0,
    methods: str | tuple[str, ...] = "",
    tile_level: int = 0,
    text: str = "",
    fits: str = str(Path(__file__).with_name("mosaic_fits.json")),
    seed: int = 0,
    threads: int = 1,
) -> None:
    """Train and score every method on every draw; then write the tables.

    Args:
        bank: a folder that ``prepare_glas.py --mosaic`` made, or ``npz``: the features of the
            data folder's ``glas-features`` (24 tiles of 128 px an image, one level).
        output: ``scores.csv``, ``summary.json`` and ``summary.md`` go there.
        recipes: JSON of ``prepare_glas.py``; none with ``npz``, which draws its own.
        mosaic: images of a mosaic, with ``npz``.
        scattered: tiles change places at random, with ``npz``.
        draws: at most so many.
        first_draw: number of the first, with ``npz``.
        methods: names, with commas; all that the bank's levels allow if empty.
        tile_level: the level that methods of one level read.
        text: embeddings of ``embed-text`` for Libra-MIL; random unit vectors without.
        fits: JSON of ``tune_mosaic.py``: learning rate and weight decay of each method.
        seed: of initialisation, order and dropout.
        threads: of torch.
    """
    torch.set_num_threads(threads)
    try:
        numbers = range(first_draw, first_draw + draws)
        opened, drawn = open_draws(
            str(bank), str(recipes), mosaic, numbers, is_scattered=as_bool(scattered)
        )
        bags = replace(SETTINGS.bags, tile_level=tile_level, text=read_text(str(text)))
        settings = replace(SETTINGS, bags=bags, fits=read_fits(str(fits), SETTINGS.fit))
        _run(opened, drawn, Path(str(output)), settings, method_names(methods), seed)
    except MonaiExtError as error:
        raise SystemExit(str(error)) from None


def open_draws(
    bank: str, recipes: str, mosaic: int, numbers: range, *, is_scattered: bool = False
) -> tuple[MosaicBank, list[list[MosaicRecipe]]]:
    """The bank, and the recipes of each draw."""
    if bank == "npz":
        opened = open_bank(bank)
        plan = MosaicPlan(mosaic, 1, 60, is_scattered=is_scattered)
        drawn = [draw_mosaics(plan, k, opened.patients, opened.labels) for k in numbers]
        return opened, drawn
    _, found = read_recipes(recipes)
    known = sorted({recipe.draw for recipe in found})[: len(numbers)]
    return open_bank(bank), [[r for r in found if r.draw == number] for number in known]


def open_bank(bank: str) -> MosaicBank:
    """A folder that ``prepare_glas.py --mosaic`` made, or the features of ``npz``."""
    if bank != "npz":
        return read_bank(bank)
    root = Path(os.environ.get("MONAI_EXT_DATA", "../shared/data"))
    return read_npz_bank(root / "glas-features" / "glas_efficientnet_lite0.npz")


def read_text(path: str) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Instance and class embeddings of a file; None without."""
    if not path:
        return None
    found = read_text_embeddings(path)
    return found.instances, found.classes


def read_fits(path: str, fit: FitSettings) -> dict[str, FitSettings]:
    """``fit`` with the learning rate and weight decay of each method of a file."""
    chosen = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    keys = ("learning_rate", "weight_decay")
    return {
        name: replace(fit, **{key: trial[key] for key in keys}) for name, trial in chosen.items()
    }


def method_names(methods: str | tuple[str, ...]) -> list[str]:
    """Names of a command line."""
    parts = methods.split(",") if isinstance(methods, str) else methods
    return [name for name in parts if name]


def _run(
    bank: MosaicBank,
    draws: list[list[MosaicRecipe]],
    output: Path,
    settings: MosaicSettings,
    names: list[str],
    seed: int,
) -> None:
    table = ScoreTable(output / "scores.csv")
    for recipes in tqdm(draws, unit="draw"):
        methods = mosaic_methods(settings, REGIONS_AN_IMAGE * len(recipes[0].images))
        is_short = bank.num_levels == 1
        chosen = names or [n for n in methods if not (is_short and n.endswith("_levels"))]
        missing = [name for name in chosen if not table.has(recipes[0].draw, name, seed)]
        if not missing:
            continue
        draw = load_draw(bank, recipes, COMPONENTS)
        for name in missing:
            scores = methods[name](draw, seed)
            found = share_found(scores.images, draw.test.truth)
            level = 0 if name == "abmil_fine" else settings.bags.tile_level
            tiles = tile_auc(scores.tiles, tile_truth(draw.test, level))
            table.add(recipes[0].draw, name, seed, draw.test.labels, scores.slides, found, tiles)
    summary = summarise_scores(table, n_train=60, n_test=60)
    (output / "summary.json").write_text(json.dumps(summary.numbers, indent=1))
    (output / "summary.md").write_text(summary.markdown + "\n")
    print(summary.markdown)


if __name__ == "__main__":
    fire.Fire(compare)
