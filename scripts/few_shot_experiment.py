"""Few-shot learning on GlaS: k images a class of 8 patients to learn from, the other 8 to test on.

python scripts/few_shot_experiment.py --bank npz --output runs/few_shot
python scripts/few_shot_experiment.py --bank runs/glas_mosaics/bank --output runs/few_shot_levels

Each draw, number of shots and method is one line of OUTPUT/shots<k>.csv as soon as it is done; a
rerun does only what is missing. Settings were chosen on draws 100 to 105 (--first_draw 100), never
on those reported.
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
from monai_ext.errors import MonaiExtError
from monai_ext.experiments.bag_methods import BagSettings, BagShape, bag_methods
from monai_ext.experiments.bag_trial import bag_trial
from monai_ext.experiments.few_shot_bags import FewShotDraw, few_shot_draws, image_bags
from monai_ext.experiments.fit_bags import FitSettings
from monai_ext.experiments.mosaic_scores import ScoreTable, summarise_scores

TRAIN_PATIENTS = 8
REGIONS = 4
SETTINGS = BagSettings(hidden_dim=64, dropout=0.25)
STEPS = 200
FIT = FitSettings(epochs=0, learning_rate=1e-3, weight_decay=0.1, batch_size=4)
MANY = ("libra", "libra_random", "m2otca", "srmil", "linear", "mean", "abmil")
FEW = ("simlp", "max", "clam_sb", "dsmil", "transmil", "region_lse", "srmil_lse", "m2otca_lse")


def compare(  # noqa: PLR0913, PLR0917  a command line has as many options as it has
    bank: str,
    output: str,
    shots: str | tuple[int, ...] = (1, 4, 16),
    draws: int = 20,
    first_draw: int = 0,
    methods: str | tuple[str, ...] = "",
    text: str = "",
    tile_level: int = 0,
    seed: int = 0,
    threads: int = 1,
) -> None:
    """Train and score every method on every draw; then write the tables.

    Args:
        bank: a folder that ``prepare_glas.py --mosaic`` made, or ``npz``: the features of the
            data folder's ``glas-features`` (24 tiles of 128 px an image, one level).
        output: ``shots<k>.csv``, ``summary.json`` and ``summary.md`` go there.
        shots: images a class, with commas.
        draws: so many for our methods, mean and ABMIL; half as many for the rest.
        first_draw: number of the first.
        methods: names, with commas; all if empty.
        text: embeddings of ``embed-text`` for Libra-MIL; random unit vectors without.
        tile_level: the level that methods of one level read.
        seed: of initialisation, order and dropout.
        threads: of torch.
    """
    torch.set_num_threads(threads)
    wanted = [int(k) for k in (shots.split(",") if isinstance(shots, str) else shots)]
    try:
        opened = _open(str(bank))
        names = _names(methods)
        settings = replace(SETTINGS, tile_level=tile_level, text=_text(str(text)))
        last = first_draw + draws
        found = few_shot_draws(opened, wanted, last, train_patients=TRAIN_PATIENTS, seed=0)
        chosen = [draw for draw in found if draw.draw >= first_draw]
        _run(opened, chosen, settings, names, Path(str(output)), seed)
    except MonaiExtError as error:
        raise SystemExit(str(error)) from None


def _open(bank: str) -> MosaicBank:
    if bank != "npz":
        return read_bank(bank)
    root = Path(os.environ.get("MONAI_EXT_DATA", "../shared/data"))
    return read_npz_bank(root / "glas-features" / "glas_efficientnet_lite0.npz")


def _text(path: str) -> tuple[torch.Tensor, torch.Tensor] | None:
    if not path:
        return None
    found = read_text_embeddings(path)
    return found.instances, found.classes


def _names(methods: str | tuple[str, ...]) -> list[str]:
    parts = methods.split(",") if isinstance(methods, str) else methods
    return [name for name in parts if name] or [*MANY, *FEW]


def _run(
    bank: MosaicBank,
    draws: list[FewShotDraw],
    settings: BagSettings,
    names: list[str],
    output: Path,
    seed: int,
) -> None:
    bags, labels = image_bags(bank, REGIONS)
    shape = BagShape(bags.shape[1] - 4, 2, tuple(range(bank.num_levels)), REGIONS)
    methods, numbers, text = bag_methods(settings), {}, []
    for k in sorted({draw.shots for draw in draws}):
        table = ScoreTable(output / f"shots{k}.csv")
        of_k = [draw for draw in draws if draw.shots == k]
        for place, draw in enumerate(tqdm(of_k, unit="draw", desc=f"{k} shots")):
            for name in names:
                is_left_out = name in FEW and 2 * place >= len(of_k)
                if is_left_out or table.has(draw.draw, name, seed):
                    continue
                train, test = list(draw.training), list(draw.test)
                fit = replace(FIT, epochs=-(-STEPS // -(-len(train) // FIT.batch_size)))
                given = bags[train], labels[train]
                trial = bag_trial(
                    methods[name], shape, given, bags[test], fit, seed, standardize=True
                )
                table.add(draw.draw, name, seed, labels[test], trial.scores)
        summary = summarise_scores(table, n_train=TRAIN_PATIENTS, n_test=TRAIN_PATIENTS)
        numbers[k] = summary.numbers
        text += [f"## {k} shots a class", "", summary.markdown, ""]
    (output / "summary.json").write_text(json.dumps(numbers, indent=1))
    (output / "summary.md").write_text("\n".join(text))
    print("\n".join(text))


if __name__ == "__main__":
    fire.Fire(compare)
