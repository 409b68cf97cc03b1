"""The whole way on invented slides whose truth is known: slides, features, training, pictures."""

from __future__ import annotations

import csv
import json
import logging
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import monai_ext
from monai_ext.atomic import make_folder, write_atomically
from monai_ext.data import find_features, write_splits
from monai_ext.data.synthetic import SYNTHETIC_CLASSES, SyntheticSpec, write_synthetic_cohort
from monai_ext.experiments.bundle_run import INFERENCE, run_bundle
from monai_ext.experiments.crossval import FoldResult, cross_validate, pooled
from monai_ext.experiments.crossval_report import slide_metrics, write_report
from monai_ext.experiments.planted_truth import attention_auc, outline_truth
from monai_ext.experiments.predict import predict
from monai_ext.wsi import open_slide

SETTINGS = Path(__file__).with_suffix(".json")
SAMPLE = Path(monai_ext.__file__).resolve().parents[1] / "docs" / "sample"
_EXTRACTION, _M2OTCA = "pathology_tile_feature_extraction", "pathology_m2otca_classification"
_MASK_DOWNSAMPLE = 8
_logger = logging.getLogger(__name__)


def demo(output: Path | str, *, seed: int = 0, settings: Path | str = SETTINGS) -> str:
    """Make slides, extract, cross-validate, control with shuffled labels, draw; say what came out.

    Each step keeps what is there, so a demo that was stopped goes on.

    Args:
        output: folder for all of it.
        seed: of slides, splits and training.
        settings: JSON with the demo's numbers.

    Returns:
        The table and the paths of the pictures.
    """
    begun, folder = time.monotonic(), make_folder(output)
    asked = json.loads(Path(settings).read_text(encoding="utf-8"))
    _make_slides(folder, asked, seed)
    _extract(folder, asked)
    results = _crossval(folder, "m2otca", folder / "cohort.csv", asked, seed, pictures=True)
    text = write_report(results, folder / "m2otca", "M2OTCA", seed=seed)
    shuffled = _shuffled_table(folder, seed)
    control = _crossval(folder, "shuffled", shuffled, asked, seed, pictures=False)
    sample = _predict_sample(folder)
    lines = [text, *_findings(folder, results, control), *_pictures(folder, sample)]
    lines.append(f"{(time.monotonic() - begun) / 60:.1f} minutes")
    return "\n".join(lines)


def _make_slides(folder: Path, asked: dict[str, Any], seed: int) -> None:
    spec: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in asked["slide"].items()
    }
    made = write_synthetic_cohort(SyntheticSpec(**spec), asked["slides"], seed, folder)
    for _ in tqdm(made, total=asked["slides"], desc="painting", unit="slide"):
        pass


def _extract(folder: Path, asked: dict[str, Any]) -> None:
    run_bundle(
        _EXTRACTION,
        [INFERENCE],
        workflow_type="infer",
        dataset_dir=str(folder / "slides"),
        output_dir=str(folder / "features"),
        **asked["extraction"],
    )


def _crossval(
    folder: Path, name: str, table: Path, asked: dict[str, Any], seed: int, *, pictures: bool
) -> list[FoldResult]:
    splits = folder / f"splits_{name}"
    if not splits.exists():
        found = find_features(folder / "features")
        write_splits(
            splits,
            table,
            found,
            class_names=list(SYNTHETIC_CLASSES),
            folds=asked["folds"],
            seed=seed,
        )
    drawn = {"slides_dir": str(folder / "slides")}
    drawn |= dict.fromkeys(("heatmap", "geojson", "contact_sheet", "report"), pictures)
    overrides = {**asked["training"], **drawn, "seed": seed}
    baseline = asked["baseline_c"] if pictures else None
    return cross_validate(_M2OTCA, splits, folder / name, baseline_c=baseline, overrides=overrides)


def _shuffled_table(folder: Path, seed: int) -> Path:
    """New labels that say nothing: half of the patients of each class, drawn by chance, get each.

    A plain permutation of few patients' labels often agrees with the true ones by chance, and
    then there is something left to learn.
    """
    with (folder / "cohort.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    labels = {row["patient"]: row["label"] for row in rows}
    rng = np.random.default_rng([seed, 1])
    new: dict[str, str] = {}
    for label in SYNTHETIC_CLASSES:
        patients = rng.permutation(sorted(name for name in labels if labels[name] == label))
        new |= {str(name): SYNTHETIC_CLASSES[k % 2] for k, name in enumerate(patients)}
    path = folder / "cohort_shuffled.csv"
    with write_atomically(path) as partial, partial.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, ["slide", "patient", "label"])
        writer.writeheader()
        writer.writerows({**row, "label": new[row["patient"]]} for row in rows)
    return path


def _predict_sample(folder: Path) -> Path:
    output = folder / "sample"
    if SAMPLE.is_dir():
        shutil.rmtree(output, ignore_errors=True)
        predict(folder / "m2otca" / "fold0", output, slides=SAMPLE)
    else:
        _logger.warning("no sample slide in %s: left out", SAMPLE)
    return output


def _findings(folder: Path, results: list[FoldResult], control: list[FoldResult]) -> list[str]:
    found = {
        path.stem: attention_auc(
            path, folder / "truth" / f"{path.stem}.png", downsample=_MASK_DOWNSAMPLE
        )
        for fold in results
        for path in sorted((folder / "m2otca" / fold.name / "geojson").glob("*.geojson"))
    }
    known = [value for value in found.values() if not np.isnan(value)]
    by_chance = slide_metrics(pooled([fold.bundle for fold in control]))["auc"]
    many = f"mean of {len(known)} held-out slides with lesions, least {min(known):.3f}"
    return [
        f"Attention against planted tiles: AUC {np.mean(known):.3f} ({many})",
        f"Control, labels shuffled over patients: slide AUC {by_chance:.3f}",
    ]


def _pictures(folder: Path, sample: Path) -> list[str]:
    drawn = sorted((folder / "m2otca" / "fold0" / "heatmaps").glob("*.png"))
    lines = [f"{len(drawn)} heat maps of held-out slides in {drawn[0].parent}"] if drawn else []
    lines += [f"With planted lesions outlined: {path}" for path in _outlined(folder, drawn)]
    lines += [f"Sample slide: {path}" for path in sorted(sample.glob("*/*.*"))]
    return lines


def _outlined(folder: Path, heatmaps: list[Path]) -> list[Path]:
    """Heat maps of slides with lesions, the lesions outlined."""
    made = []
    for path in heatmaps:
        slide = path.name.removesuffix("_heatmap.png")
        truth = folder / "truth" / f"{slide}.geojson"
        if json.loads(truth.read_text(encoding="utf-8"))["features"]:
            with open_slide(folder / "slides" / f"{slide}.tif") as found:
                width = found.info.width
            made.append(folder / "outlined" / path.name)
            outline_truth(path, truth, width, made[-1])
    return made[:3]
