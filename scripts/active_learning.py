"""Does it save annotations to ask the model what to annotate next? A simulated annotator on GlaS.

python scripts/active_learning.py run --output runs/glas/active        # an hour and more; resumable
python scripts/active_learning.py report --output runs/glas/active [--kept docs/glas]

GlaS is $MONAI_EXT_DATA/glas or --source. Squares of its 85 training images are asked for one by one
(by uncertainty, by prototype coverage, at random), answered with the truth as ASAP XML, and learnt
from as on the label server; every round is scored on test part A. A folder OUTPUT/seedN/STRATEGY/
roundN is a finished round; a rerun does only what is missing.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import fire
import torch
from tqdm import tqdm

from monai_ext.data.glas import GLAS_LICENCE, read_glas
from monai_ext.data.glas_segmentation import official_split
from monai_ext.data.segmentation_datalist import write_segmentation_datalist
from monai_ext.errors import MonaiExtError
from monai_ext.label.active_files import write_report
from monai_ext.label.active_grid import run_grid
from monai_ext.label.active_settings import ActiveSettings, active_cells, read_task

MODEL = {"target_mpp": 1.24, "roi_px": 128, "decoder_channels": [128, 64, 32, 16, 8]}
"""Half of GlaS's resolution, as in the runs of docs/glas; a window is a square."""


def run(
    output: str,
    source: str = "",
    seeds: str | int | tuple[int, ...] = "0,1,2",
    rounds: str | tuple[int, ...] = "4,8,16,32,64",
    first_steps: int = 200,
    steps: int = 100,
    edge_px: int = 256,
    threads: int = 1,
) -> None:
    """Run the rounds that are missing.

    Args:
        output: folder of the experiment.
        source: the GlaS folder; by default glas in $MONAI_EXT_DATA, or in ../shared/data.
        seeds: with commas; more can be added later.
        rounds: squares annotated at the end of each round, with commas.
        first_steps: of training in the first round, whose squares are drawn at random for all.
        steps: of training in each other round.
        edge_px: of a square, px of the images.
        threads: of torch.
    """
    torch.set_num_threads(threads)
    print(GLAS_LICENCE)
    settings = ActiveSettings(
        rounds=_numbers(rounds), first_steps=first_steps, steps=steps, edge_px=edge_px, model=MODEL
    )
    wanted = _numbers(seeds)
    try:
        task = read_task(_datalist(str(source), Path(str(output))))
        total = sum(len(active_cells(settings, seed)) for seed in wanted)
        bar = tqdm(run_grid(task, settings, wanted, Path(str(output))), total=total, unit="round")
        for cell in bar:
            bar.set_postfix_str(cell.name)
    except MonaiExtError as error:
        raise SystemExit(str(error)) from None


def report(output: str = "", kept: str = "", share: float = 0.95) -> None:
    """Write ``active.md``, ``active.csv`` and ``active.png`` of the seeds that are finished.

    Args:
        output: folder of the experiment; none: of what is kept alone.
        kept: folder of tables to which these scores are added, and where the three files go; by
            default they go to ``output``.
        share: of the mean Dice with everything annotated that is to be reached.
    """
    try:
        made = write_report(_path(output), _path(kept), share)
    except MonaiExtError as error:
        raise SystemExit(str(error)) from None
    print(made.read_text(encoding="utf-8"))


def _path(text: str) -> Path | None:
    return Path(str(text)) if text else None


def _datalist(source: str, output: Path) -> Path:
    """All training images as the pool, test part A held out."""
    data = Path(os.environ.get("MONAI_EXT_DATA", "../shared/data"))
    split = official_split(read_glas(source or data / "glas"))
    parts = {"training": [*split.training, *split.validation], "test": split.test}
    facts = {"patients_shared": split.patients_shared}
    return write_segmentation_datalist(output / "datalist.json", parts, split.class_names, **facts)


def _numbers(text: Any) -> tuple[int, ...]:
    given = text.split(",") if isinstance(text, str) else text
    return tuple(int(one) for one in ([given] if isinstance(given, int) else given))


if __name__ == "__main__":
    fire.Fire({"run": run, "report": report})
