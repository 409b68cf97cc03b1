"""Time slide to feature file (B5) against the loop that most extraction scripts are.

    python scripts/benchmark_extraction.py run --pairs 3 --json_path extraction.json
    python scripts/benchmark_extraction.py batches      # the encoder alone, memory kept or not

A slide is made on the spot (real tissue, JPEG 4:2:0, tiles of 256 px). Ours is the bundle
``pathology_tile_feature_extraction`` as it stands: tissue, grid, reading, encoding, HDF5. The peer
is a ``DataLoader`` whose workers read regions with OpenSlide as PIL images, in batches of 64 as
TRIDENT's by default, with the same encoder; it is told where the tiles are and finds no tissue. A
third side is the peer with freed memory kept as our configs keep it, a fourth the encoder alone on
as many tiles that are there already. Each timing is a process of its own, networks built and
imports done before the clock starts; the sides take turns, ratios are medians of the rounds. First
the features of ours and the peer are compared.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import fire
import h5py
import numpy as np
import openslide
import torch
from benchmark_read import TILE, make_picture
from monai.bundle import ConfigWorkflow
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms.functional import pil_to_tensor

from monai_ext.engines.freed_memory import keep_freed_memory
from monai_ext.experiments.bundle_run import find_bundle
from monai_ext.networks.encoders import build_patch_encoder
from monai_ext.testing.tiny_slides import write_tiny_slide

SIDES = ("ours", "loop", "loop_kept", "encoder")
PEER_BATCH, ALONE_BATCH, TOLERANCE = 64, 16, 1e-3
WARM, MEASURED_TILES = 3, 256


class Regions(Dataset[torch.Tensor]):
    """Tiles as OpenSlide gives them; every worker opens the slide for itself."""

    def __init__(self, path: Path, corners: np.ndarray) -> None:
        self.path, self.corners = path, corners
        self.slide: openslide.OpenSlide | None = None

    def __len__(self) -> int:
        return len(self.corners)

    def __getitem__(self, index: int) -> torch.Tensor:
        if self.slide is None:
            self.slide = openslide.OpenSlide(self.path)
        x, y = (int(value) for value in self.corners[index])
        return pil_to_tensor(self.slide.read_region((x, y), 0, (TILE, TILE)).convert("RGB"))


def run(pairs: int = 3, size: int = 6144, threads: int = 2, json_path: str = "") -> None:
    """Compare and time all sides, print a table.

    Args:
        pairs: rounds.
        size: side of the slide, px.
        threads: of torch, and workers of the peer.
        json_path: file for all seconds; empty: none.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = {"image": make_picture(size), "tile_px": TILE, "mpp": 0.5, "shared_tables": True}
        (folder / "slides").mkdir()
        write_tiny_slide(folder / "slides" / "slide.tif", factors=(1, 2, 4, 8), **made)
        for which in ("ours", "loop"):
            _measured(which, folder, threads)
        tiles = _compare(folder)
        seconds: dict[str, list[float]] = {which: [] for which in SIDES}
        for k in range(pairs):
            for which in (*SIDES[k % len(SIDES) :], *SIDES[: k % len(SIDES)]):
                seconds[which].append(_measured(which, folder, threads))
    print(f"\n{tiles} tiles of {TILE} px, {threads} threads, torch {torch.__version__}\n")
    print("| side | s | tiles a second | s / ours |\n| --- | --- | --- | --- |")
    for which, found in seconds.items():
        ratios = sorted(s / own for s, own in zip(found, seconds["ours"], strict=True))
        took = statistics.median(found)
        spread = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        print(f"| {which} | {took:.2f} | {tiles / took:.0f} | {spread} |")
    if json_path:
        Path(json_path).write_text(json.dumps(seconds, indent=1))


def batches(sizes: tuple[int, ...] = (4, 16, 32, 64), rounds: int = 2, threads: int = 1) -> None:
    """Print tiles a CPU-second of the encoder alone, freed memory given back and kept.

    Args:
        sizes: tiles a batch.
        rounds: how often each is measured, in a process of its own.
        threads: of torch.
    """
    print("| batch | given back | kept |\n| --- | --- | --- |")
    for size in sizes:
        cells = [
            " and ".join(f"{_asked('batch', size, keep, threads):.0f}" for _ in range(rounds))
            for keep in (False, True)
        ]
        print(f"| {size} | {' | '.join(cells)} |", flush=True)


def batch(size: int, keep: bool, threads: int) -> None:  # noqa: FBT001
    """Measure the encoder alone in this process and print its tiles a CPU-second.

    Args:
        size: tiles a batch.
        keep: whether freed memory is kept.
        threads: of torch.
    """
    torch.set_num_threads(threads)
    if keep:
        keep_freed_memory()
    network, tiles = (
        build_patch_encoder("efficientnet_lite0"),
        255 * torch.rand(size, 3, TILE, TILE),
    )
    seconds = []
    with torch.inference_mode():
        for _ in range(WARM + MEASURED_TILES // size):
            start = time.process_time()
            network(tiles)
            seconds.append(time.process_time() - start)
    print(size / statistics.median(seconds[WARM:]))


def side(name: str, folder: str, threads: int) -> None:
    """Time one side in this process and print its seconds.

    Args:
        name: one of ``SIDES``.
        folder: of the slide and the results.
        threads: of torch, and workers of the peer.
    """
    torch.set_num_threads(threads)
    place = Path(str(folder))
    if name != "loop":
        keep_freed_memory()
    prepare = {"ours": _ours, "encoder": _encoder}.get(name, _loop)
    work = prepare(place, threads)
    start = time.perf_counter()
    work()
    print(time.perf_counter() - start)


def _ours(folder: Path, _threads: int) -> Callable[[], object]:
    bundle = find_bundle("pathology_tile_feature_extraction")
    config = bundle / "configs" / "inference.json"
    target = Path(tempfile.mkdtemp(dir=folder))
    given = {"dataset_dir": str(folder / "slides"), "output_dir": str(target), "mpps": [0.5]}
    given |= {"bundle_root": str(bundle), "device": "$torch.device('cpu')"}
    workflow = ConfigWorkflow(str(config), workflow_type="infer", logging_file=False, **given)
    workflow.initialize()
    evaluator = workflow.parser.get_parsed_content("evaluator")

    def work() -> None:
        evaluator.run()
        (next(target.glob("*/features_*/slide.h5"))).replace(folder / "ours.h5")

    return work


def _loop(folder: Path, threads: int) -> Callable[[], object]:
    network = build_patch_encoder("efficientnet_lite0")
    with h5py.File(folder / "ours.h5") as file:
        corners = np.asarray(file["coords"])
    tiles = Regions(folder / "slides" / "slide.tif", corners)
    loader = DataLoader(tiles, batch_size=PEER_BATCH, num_workers=threads)

    def work() -> None:
        with torch.inference_mode():
            found = [network(batch.float()).numpy() for batch in loader]
        with h5py.File(folder / "loop.h5", "w") as file:
            file["features"] = np.concatenate(found)

    return work


def _encoder(folder: Path, _threads: int) -> Callable[[], object]:
    network = build_patch_encoder("efficientnet_lite0")
    with h5py.File(folder / "ours.h5") as file:
        count = len(np.asarray(file["coords"]))
    batch = 255 * torch.rand(ALONE_BATCH, 3, TILE, TILE)

    def work() -> None:
        with torch.inference_mode():
            for start in range(0, count, ALONE_BATCH):
                network(batch[: count - start])

    return work


def _measured(name: str, folder: Path, threads: int) -> float:
    return _asked("side", name, folder, threads)


def _asked(verb: str, *given: object) -> float:
    command = [sys.executable, __file__, verb, *map(str, given)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise SystemExit(done.stderr)
    return float(done.stdout.strip().splitlines()[-1])


def _compare(folder: Path) -> int:
    with h5py.File(folder / "ours.h5") as ours, h5py.File(folder / "loop.h5") as loop:
        mine, theirs = np.asarray(ours["features"]), np.asarray(loop["features"])
    far = float(np.abs(mine - theirs).max())
    if far > TOLERANCE:
        raise SystemExit(f"features differ by {far:.2g}, more than {TOLERANCE:g}")
    print(f"features differ by at most {far:.1e}")
    return len(mine)


if __name__ == "__main__":
    fire.Fire({"run": run, "batches": batches, "side": side, "batch": batch})
