"""With a memory the answers are the same, and less is looked at."""

import numpy as np
import pytest
from PIL import Image

from monai_ext.engines.segment_region import Box
from monai_ext.export import find_model
from monai_ext.label import next_region as asked
from monai_ext.label.next_region import next_region
from monai_ext.label.next_square import STRATEGIES
from monai_ext.label.served_segmenter import ServedSegmenter
from monai_ext.label.simulated_annotator import SimulatedAnnotator
from monai_ext.label.square_memory import SquareMemory
from tests.label.label_parts import stained, write_segmenter

NAMES = ["background", "gland"]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    run = write_segmenter(tmp_path_factory.mktemp("memory") / "run")
    return ServedSegmenter(find_model(run), 0.5)


def pool(folder):
    items = []
    for k in range(4):
        Image.fromarray(stained(128, 192, k)).save(folder / f"{k}.png")
        truth = (stained(128, 192, k)[..., 0] > 170).astype(np.uint8)
        Image.fromarray(truth).save(folder / f"{k}_truth.png")
        items.append(
            {
                "slide": f"image{k}",
                "image": str(folder / f"{k}.png"),
                "label": str(folder / f"{k}_truth.png"),
            }
        )
    return items


def answers(strategy, served, folder, memory):
    """Nine questions, each answered before the next."""
    folder.mkdir()
    annotator = SimulatedAnnotator(pool(folder), NAMES, folder / "labels")
    found = []
    for k in range(9):
        given = {"edge_px": 64, "limit": 15, "seed": k, "memory": memory}
        found.append(next_region(strategy, served, annotator.images, **given))
        annotator.annotate([(found[-1]["id"], Box(*found[-1]["bbox"]))])
    return found


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_answers_are_those_without_it(strategy, served, tmp_path, monkeypatch):
    looks = []
    look = asked.score_squares
    monkeypatch.setattr(asked, "score_squares", lambda *a: looks.append(len(a[2])) or look(*a))
    anew = answers(strategy, served, tmp_path / "anew", None)
    without, looks[:] = sum(looks), []
    kept = answers(strategy, served, tmp_path / "kept", SquareMemory())
    assert kept == anew
    assert len({(one["id"], *one["bbox"]) for one in kept}) == 9
    assert sum(looks) == (0 if strategy == "random" else 24)
    assert sum(looks) <= without / 4


def test_an_image_is_placed_anew_only_when_its_annotations_change(served, tmp_path):
    annotator = SimulatedAnnotator(pool(tmp_path), NAMES, tmp_path / "labels")
    memory, calls = SquareMemory(), []
    find = lambda: calls.append(1) or ([], [])  # noqa: E731
    for boxes in ([], [], [Box(0, 0, 64, 64)], [], [Box(64, 0, 64, 64)]):
        annotator.annotate([("image0", box) for box in boxes])
        memory.placed(annotator.images[0], 64, find)
    assert len(calls) == 3
    memory.placed(annotator.images[0], 32, find)
    assert len(calls) == 4
