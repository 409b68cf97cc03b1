"""A pool of invented images, and settings with which a round takes seconds."""

import csv
import json

import numpy as np
from PIL import Image

from monai_ext.data.segmentation_datalist import write_segmentation_datalist
from monai_ext.label.active_settings import ActiveSettings, read_task
from monai_ext.testing.toy_masks import TOY_CLASSES, toy_image
from tests.label.label_parts import SEGMENTER

SETTINGS = ActiveSettings(
    rounds=(2, 4),
    first_steps=4,
    steps=2,
    edge_px=64,
    limit=3,
    model={k: v for k, v in SEGMENTER.items() if k not in {"class_names", "read_px"}},
    training={"batch_size": 4, "unlabelled_batch_size": 2, "squares": 1},
)


def write_task(folder):
    """Three images of two squares to annotate, two to be scored on."""
    rng = np.random.default_rng(0)
    parts = {"training": [], "test": []}
    for k in range(5):
        image, mask = toy_image(rng, 64, 128)
        name, part = f"image{k}", "training" if k < 3 else "test"
        Image.fromarray(image).save(folder / f"{name}.png")
        Image.fromarray(mask).save(folder / f"{name}_truth.png")
        paths = {"image": str(folder / f"{name}.png"), "label": str(folder / f"{name}_truth.png")}
        parts[part].append({**paths, "slide": name, "patient": str(k), "mpp": 0.5})
    return read_task(write_segmentation_datalist(folder / "list.json", parts, TOY_CLASSES))


def score_of(cell):
    """What a made-up round of a cell scores: strategies differ, rounds rise."""
    return 0.5 + 0.1 * cell.number + len(cell.strategy) / 100 + cell.seed / 1000


def pretend_round(_task, settings, cell, folder, before):
    """Write what a round leaves, without one."""
    assert (before is None) == (cell.number == 0)
    assert before is None or (before / "facts.json").is_file()
    folder.mkdir(parents=True)
    facts = {"squares": settings.rounds[cell.number], "pixels": 1000 * cell.number}
    (folder / "facts.json").write_text(json.dumps(facts))
    with (folder / "scores.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["slide", "patient", "mdice"])
        rows.writerows([name, name, score_of(cell) + k / 50] for k, name in enumerate("ab"))
