"""Semi-supervised gland segmentation on GlaS: methods against shares of labelled images.

python scripts/segmentation_experiment.py run --data runs/glas/segmentation \
    --output runs/glas/experiment --lists official_010 --methods supervised,mpamatch [--shard 1/2]
python scripts/segmentation_experiment.py score --data runs/glas/segmentation \
    --output runs/glas/experiment    # once more, turned and mirrored copies averaged
python scripts/segmentation_experiment.py report --output runs/glas/experiment [--symmetries 8]

Every run is one folder OUTPUT/<datalist>/<method>/seed<n>; a rerun goes on where it was stopped and
does only what is missing. All runs have the same steps and, but for the method, the same settings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fire
import torch
from tqdm import tqdm

from monai_ext.atomic import write_atomically
from monai_ext.errors import CohortError, MonaiExtError, SettingError
from monai_ext.experiments.bundle_run import run_bundle
from monai_ext.experiments.kept_scores import Cells, keep_scores
from monai_ext.experiments.segmentation_grid import grid_table, read_cell
from monai_ext.experiments.shard import read_shard

BUNDLE = "pathology_mpamatch_segmentation"
SMALL: dict[str, Any] = {
    "target_mpp": 1.24,
    "crop_px": 160,
    "steps": 400,
    "epoch_steps": 100,
    "batch_size": 8,
    "unlabelled_batch_size": 2,
    "decoder_channels": [128, 64, 32, 16, 8],
    "learning_rate": 1e-3,
    "head_rate": 1e-2,
    "encoder_rate": 1e-3,
    "labelled_jitter_prob": 0.8,
    "ema_teacher": True,
    "ema_momentum": 0.02,
    "prototype_momentum": 0.99,
    "scale_range": [0.8, 1.25],
    "pixels_per_image": 1024,
    "balance_trust": True,
    "ramp_steps": 400,
}
"""Half of GlaS's resolution, small crops: a few minutes a run on two cores. What differs from the
bundle's defaults was chosen on splits inside the training part; the same holds for all methods."""
METHODS: dict[str, dict[str, Any]] = {
    "supervised": {"ssl": "supervised"},
    "fixmatch": {"ssl": "fixmatch"},
    "unimatch": {"ssl": "unimatch"},
    "mpamatch": {"ssl": "mpamatch"},
    "images_only": {"ssl": "mpamatch", "use_txt_proto": False},
    "texts_only": {"ssl": "mpamatch", "use_img_proto": False},
    "no_pal": {"ssl": "mpamatch", "use_pal": False},
    "no_pcl": {"ssl": "mpamatch", "use_pcl": False},
    "generic_prompts": {"ssl": "mpamatch", "prompt_set": "generic"},
    "equal_shares": {"ssl": "mpamatch", "assign": "sinkhorn"},
    "random_texts": {"ssl": "mpamatch", "text_encoder": "random", "text_options": {"dim": 384}},
    **{f"k{k}": {"ssl": "mpamatch", "prototypes_per_class": k} for k in (1, 3, 10)},
    **{f"tau{t}": {"ssl": "mpamatch", "tau": t / 100} for t in (90, 99)},
    "small_alpha": {"ssl": "mpamatch", "alpha": 0.025},
    "no_ramp": {"ssl": "mpamatch", "ramp_steps": 0},
    "one_threshold": {"ssl": "mpamatch", "balance_trust": False},
    "strong_view": {"ssl": "mpamatch", "prototype_view": "strong"},
    "slow_head": {"ssl": "mpamatch", "head_rate": 1e-3},
    "strong_statistics": {"ssl": "mpamatch", "strong_statistics": True},
    "no_teacher": {"ssl": "mpamatch", "ema_teacher": False},
    "plain_labelled": {"ssl": "mpamatch", "labelled_jitter_prob": 0.0},
    "supervised_plain_labelled": {"ssl": "supervised", "labelled_jitter_prob": 0.0},
}
DRAWN = ("supervised", "fixmatch", "unimatch", "mpamatch")
HEAD = ["data", "method", "seeds", "mDice", "minus {}, by image", "by patient"]


def run(
    data: str,
    output: str,
    lists: str | tuple[str, ...] = "official_010",
    methods: str | tuple[str, ...] = "supervised,fixmatch,unimatch,mpamatch",
    seeds: str | int | tuple[int, ...] = "0,1,2",
    shard: str = "1/1",
    threads: int = 1,
    settings: str = "{}",
) -> None:
    """Train and score what is missing.

    Args:
        data: folder of datalists that ``prepare_glas.py --segmentation`` made.
        output: folder of the runs.
        lists: names of datalists, with commas.
        methods: see ``METHODS``.
        seeds: with commas.
        shard: ``i/n``: every n-th run from the i-th on.
        threads: of torch.
        settings: JSON of config ids in place of ``SMALL``'s.
    """
    torch.set_num_threads(threads)
    given = SMALL | (json.loads(settings) if isinstance(settings, str) else dict(settings))
    wanted = [
        (name, method, int(seed))
        for seed in _names(seeds)
        for name in _names(lists)
        for method in _names(methods)
    ]
    bar = tqdm(read_shard(str(shard)).pick(wanted), unit="run")
    for name, method, seed in bar:
        bar.set_postfix_str(f"{name} {method} {seed}")
        folder = Path(str(output)) / name / method / f"seed{seed}"
        _one(Path(str(data)) / f"{name}.json", folder, given | METHODS[method] | {"seed": seed})


def score(
    data: str,
    output: str,
    lists: str | tuple[str, ...] = "",
    methods: str | tuple[str, ...] = "",
    symmetries: int = 8,
    threads: int = 1,
) -> None:
    """Score runs once more, turned and mirrored copies averaged, into a folder of their own.

    Args:
        data: folder of datalists.
        output: folder of the runs.
        lists: names of datalists, with commas; empty: all that have runs.
        methods: likewise.
        symmetries: copies, see the bundle's ``evaluate.json``.
        threads: of torch.
    """
    torch.set_num_threads(threads)
    wanted = [
        path.parent
        for path in sorted(Path(str(output)).glob("*/*/seed*/scores.csv"))
        if (not lists or path.parts[-4] in _names(lists))
        and (not methods or path.parts[-3] in _names(methods))
    ]
    for folder in tqdm(wanted, unit="run"):
        made = folder / _again(symmetries)
        where = {"datalist": str(Path(str(data)) / f"{folder.parents[1].name}.json")}
        where |= {"output_dir": str(folder), "score_dir": str(made)}
        if not (made / "scores.csv").is_file():
            files = ["train.json", "evaluate.json"]
            given = {"symmetries": symmetries, "pictures": False}
            run_bundle(BUNDLE, files, workflow_type="train", **where, **given)


def report(
    output: str,
    column: str = "mdice",
    pictures: int = 6,
    symmetries: int = 1,
    baseline: str = "supervised",
    kept: str = "",
) -> None:
    """Write ``results.md``, ``curves.png`` and ``pictures.png`` of all runs that are scored.

    The figures show the four methods, the table their ablations too. Pictures are drawn of the
    plain scores alone.

    Args:
        output: folder of the runs.
        column: of ``scores.csv``.
        pictures: rows of the picture grid.
        symmetries: which scores, see ``score``.
        baseline: method that the others are compared with.
        kept: folder of tables to which these runs are added; the report is then of all in them.
    """
    root, again = Path(str(output)), "" if symmetries == 1 else _again(symmetries)
    try:
        if baseline not in METHODS:
            raise SettingError(f"--baseline {baseline}", f"one of {', '.join(METHODS)}", "mend it")
        cells, folders = _scored(root, again, column)
        if kept:
            end = "_".join(filter(None, (column, again)))
            cells = keep_scores(cells, Path(str(kept)), end)
        if not cells:
            raise CohortError(
                f"{root} has no run with {again and f'{again}/'}scores.csv",
                "a report is of scored runs",
                "score the runs with this number of symmetries" if again else "run the experiment",
            )
        order = sorted(cells, key=lambda key: (key[0], _position(key[1]), key[1]))
        parts = (again, "" if baseline == "supervised" else f"minus_{baseline}")
        end = "".join(f"_{part}" for part in parts if part)
        _draw({key: cells[key] for key in order}, folders, root, end, column, pictures, baseline)
    except MonaiExtError as error:
        raise SystemExit(str(error)) from None
    print((root / f"results{end}.md").read_text())


def _position(method: str) -> int:
    """Place in ``METHODS``; kept scores of a method that is no longer there come last."""
    return list(METHODS).index(method) if method in METHODS else len(METHODS)


def _scored(root: Path, again: str, column: str) -> tuple[Cells, dict[tuple[str, str], Path]]:
    cells, folders = {}, {}
    for data in sorted(path for path in root.glob("*") if path.is_dir()):
        for method in METHODS:
            runs = {int(p.name[4:]): p for p in (data / method).glob("seed*")}
            cell = read_cell({seed: p / again for seed, p in runs.items()}, column)
            if cell is not None:
                cells[data.name, method] = cell
                folders[data.name, method] = runs[cell.seeds[0]]
    return cells, folders


def _draw(
    cells: Cells,
    folders: Mapping[tuple[str, str], Path],
    root: Path,
    end: str,
    column: str,
    pictures: int,
    baseline: str,
) -> None:
    from monai_ext.experiments.segmentation_figure import curve_figure, picture_grid

    head = [name.format(baseline) for name in HEAD]
    lines = [" | ".join(row) for row in [head, ["---"] * len(head), *grid_table(cells, baseline)]]
    with write_atomically(root / f"results{end}.md") as partial:
        partial.write_text("".join(f"| {line} |\n" for line in lines))
    drawn = {key: cell for key, cell in cells.items() if key[1] in DRAWN}
    if baseline == "supervised":
        curve_figure(drawn, root / f"curves{end}.png", column)
    if not end and (there := {key: folders[key] for key in drawn if key in folders}):
        picture_grid(there, root / "pictures.png", rows=pictures)


def _one(datalist: Path, folder: Path, values: Mapping[str, Any]) -> None:
    if (folder / "scores.csv").is_file():
        return
    where = {"datalist": str(datalist), "output_dir": str(folder)}
    run_bundle(BUNDLE, ["train.json"], workflow_type="train", **where, **values, resume=True)
    run_bundle(BUNDLE, ["train.json", "evaluate.json"], workflow_type="train", **where)


def _again(symmetries: int) -> str:
    return f"symmetries_{symmetries}"


def _names(text: Any) -> list[str]:
    given = text.split(",") if isinstance(text, str) else text
    return [str(name) for name in ([given] if isinstance(given, int) else given)]


if __name__ == "__main__":
    fire.Fire({"run": run, "score": score, "report": report})
