"""Few-shot learning on GlaS: k images a class of 8 patients to learn from, the other 8 to test on.

python scripts/few_shot_experiment.py --bank npz --output runs/few_shot
python scripts/few_shot_experiment.py --bank runs/glas_mosaics/bank --output runs/few_shot_levels

A draw whose 8 patients have fewer images of a class than shots is passed over, for that number of
shots. Each draw, number of shots and method is one line of OUTPUT/shots<k>.csv as soon as it is
done; a rerun does only what is missing. Learning rate and weight decay of each method were chosen
by tune_few_shot.py on draws 100 to 102, never on those reported.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import fire
import torch
from mosaic_experiment import method_names, open_bank, read_fits, read_text
from tqdm import tqdm

from monai_ext.data.mosaic_bank import MosaicBank
from monai_ext.errors import MonaiExtError
from monai_ext.experiments.bag_methods import BagMethod, BagSettings, BagShape, bag_methods
from monai_ext.experiments.bag_trial import bag_trial
from monai_ext.experiments.few_shot_bags import FewShotDraw, few_shot_draws, image_bags
from monai_ext.experiments.fit_bags import FitSettings
from monai_ext.experiments.mosaic_scores import ScoreTable, summarise_scores

TRAIN_PATIENTS = 8
REGIONS = 4
SETTINGS = BagSettings(hidden_dim=64, dropout=0.25)
STEPS = 200
FIT = FitSettings(epochs=0, learning_rate=1e-3, weight_decay=0.1, batch_size=4)
MANY = (
    *("libra", "libra_random", "libra_query", "libra_sum", "libra_none", "libra_residual"),
    *("m2otca", "m2otca_mean", "srmil", "linear", "mean", "abmil"),
)
FEW = ("simlp", "max", "clam_sb", "dsmil", "transmil", "region_lse", "m2otca_lse")


def compare(  # noqa: PLR0913, PLR0917  a command line has as many options as it has
    bank: str,
    output: str,
    shots: str | tuple[int, ...] = (1, 4, 16),
    draws: int = 20,
    first_draw: int = 0,
    methods: str | tuple[str, ...] = "",
    text: str = "",
    tile_level: int = 0,
    fits: str = str(Path(__file__).with_name("few_shot_fits.json")),
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
        fits: JSON of ``tune_few_shot.py``: learning rate and weight decay of each method.
        seed: of initialisation, order and dropout.
        threads: of torch.
    """
    torch.set_num_threads(threads)
    wanted = [int(k) for k in (shots.split(",") if isinstance(shots, str) else shots)]
    try:
        settings = replace(SETTINGS, tile_level=tile_level, text=read_text(str(text)))
        images = open_images(str(bank), settings)
        chosen = few_shot_draws(
            images.bank,
            wanted,
            draws,
            train_patients=TRAIN_PATIENTS,
            seed=0,
            first_draw=first_draw,
        )
        names = method_names(methods) or [*MANY, *FEW]
        _run(images, chosen, names, read_fits(str(fits), FIT), Path(str(output)), seed)
    except MonaiExtError as error:
        raise SystemExit(str(error)) from None


class Images(NamedTuple):
    """All images of a bank as bags, and the methods for them."""

    bank: MosaicBank
    bags: torch.Tensor
    labels: torch.Tensor
    methods: dict[str, BagMethod]

    def score(
        self, draw: FewShotDraw, name: str, fit: FitSettings, seed: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Labels and scores of the test images by a method trained on the draw."""
        train, test = list(draw.training), list(draw.test)
        epochs = -(-STEPS // -(-len(train) // fit.batch_size))
        shape = BagShape(self.bags.shape[1] - 4, 2, tuple(range(self.bank.num_levels)), REGIONS)
        given = self.bags[train], self.labels[train]
        trial = bag_trial(
            self.methods[name],
            shape,
            given,
            self.bags[test],
            replace(fit, epochs=epochs),
            seed,
            standardize=True,
        )
        return self.labels[test], trial.scores


def open_images(bank: str, settings: BagSettings) -> Images:
    """Read a folder that ``prepare_glas.py --mosaic`` made, or ``npz``."""
    opened = open_bank(bank)
    return Images(opened, *image_bags(opened, REGIONS), bag_methods(settings))


def _run(
    images: Images,
    draws: list[FewShotDraw],
    names: list[str],
    fits: dict[str, FitSettings],
    output: Path,
    seed: int,
) -> None:
    numbers, text = {}, []
    for k in sorted({draw.shots for draw in draws}):
        table = ScoreTable(output / f"shots{k}.csv")
        of_k = [draw for draw in draws if draw.shots == k]
        for place, draw in enumerate(tqdm(of_k, unit="draw", desc=f"{k} shots")):
            for name in names:
                is_left_out = name in FEW and 2 * place >= len(of_k)
                if is_left_out or table.has(draw.draw, name, seed):
                    continue
                labels, scores = images.score(draw, name, fits.get(name, FIT), seed)
                table.add(draw.draw, name, seed, labels, scores)
        summary = summarise_scores(table, n_train=TRAIN_PATIENTS, n_test=TRAIN_PATIENTS)
        numbers[k] = summary.numbers
        text += [f"## {k} shots a class", "", summary.markdown, ""]
    (output / "summary.json").write_text(json.dumps(numbers, indent=1))
    (output / "summary.md").write_text("\n".join(text))
    print("\n".join(text))


if __name__ == "__main__":
    fire.Fire(compare)
