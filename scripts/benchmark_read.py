"""How fast tiles are read, against OpenSlide and cuCIM.

    python scripts/benchmark_read.py --json reading.json

Makes a slide on the spot (H&E-like, JPEG q80 4:2:0, tiles of 256), checks that all readers give
the same pixels, then times. Ours and the peer take turns, so that a busy machine slows both; the
ratio (peer's time / our time, above 1 we are faster) is the median over the pairs with a
bootstrap 95 % interval. The floor is reading and decoding each needed stored tile once.

B1 aligned tiles, B2 tiles off by half a stored tile, B3 the same tissue at 20x, 10x and 5x
against three passes of the peer, on a pyramid of factor 4 (10x comes from 20x) and of factor 2.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import openslide
import torch  # noqa: F401  # before cuCIM
from PIL import Image

from monai_ext.testing.tiny_slides import write_tiny_slide
from monai_ext.wsi import GridSpec, TileGrid, build_grid, open_slide, read_level_tiles
from monai_ext.wsi.grid import LevelTiles
from monai_ext.wsi.strip_reader import StripReader

TILE = 256
PACKAGES = ("numpy", "openslide-python", "openslide-bin", "cucim-cu13", "simplejpeg", "tifffile")
GOALS = {
    "B1 openslide": 4.5,
    "B1 cucim": 0.85,
    "B2 openslide": 4.0,
    "B2 cucim": 2.5,
    "B3 openslide": 5.0,
}


@dataclass(frozen=True)
class Job:
    """What is read: some levels of a grid on a slide."""

    name: str
    slide: Path
    grid: TileGrid
    levels: tuple[int, ...]


@dataclass(frozen=True)
class Tile:
    """One tile as peers read it: a region of a stored level, reduced by a whole factor."""

    x: int
    y: int
    stored: int
    reduce: int


def make_picture(size: int) -> np.ndarray:
    """A stained picture of ``size`` px, real tissue turned and toned from block to block."""
    from skimage.data import immunohistochemistry

    block, rng = immunohistochemistry(), np.random.default_rng(0)
    edge = len(block)
    picture = np.empty((size, size, 3), np.uint8)
    for y in range(0, size, edge):
        for x in range(0, size, edge):
            turned = np.rot90(block, int(rng.integers(4)))[:, :: rng.choice([-1, 1])]
            toned = np.clip(turned + rng.integers(-15, 16, 3), 0, 255).astype(np.uint8)
            part = picture[y : y + edge, x : x + edge]
            part[:] = toned[: part.shape[0], : part.shape[1]]
    return picture


def make_jobs(folder: Path, size: int) -> list[Job]:
    """Write the two slides and lay the grids."""
    picture = make_picture(size)
    make = partial(write_tiny_slide, image=picture, tile_px=TILE, mpp=0.5, shared_tables=True)
    twos = make(folder / "factor2.tif", factors=(1, 2, 4, 8))
    fours = make(folder / "factor4.tif", factors=(1, 4, 16))
    grid = build_grid(GridSpec(TILE, (0.5, 1.0, 2.0), 0.02, 0.0, 1.3), 0.5, (size, size))
    return [
        Job("B1", twos, grid, (0,)),
        Job("B2", twos, _shifted(grid), (0,)),
        Job("B3 factor 4", fours, grid, (0, 1, 2)),
        Job("B3 factor 2", twos, grid, (0, 1, 2)),
    ]


def _shifted(grid: TileGrid) -> TileGrid:
    """The finest level moved by half a tile: a row and column less, at halves."""
    rows, cols = np.mgrid[: grid.levels[0].row.max(), : grid.levels[0].col.max()].reshape(2, -1)
    tissue = np.ones(len(rows), np.float32)
    return replace(grid, levels=(LevelTiles(0, rows + 0.5, cols + 0.5, TILE, tissue),))


def peer_tiles(job: Job) -> list[list[Tile]]:
    """The job as the peers do it: for each level every tile from the nearest finer stored level."""
    with open_slide(job.slide) as slide:
        info = slide.info
    passes = []
    for level in job.levels:
        tiles = job.grid.levels[level]
        stored = info.finer_level(tiles.step_px / TILE)
        reduce = round(tiles.step_px / TILE / info.levels[stored].downsample)
        corners = (np.stack([tiles.col, tiles.row], 1) * tiles.step_px).astype(int).tolist()
        passes.append([Tile(x, y, stored, reduce) for x, y in corners])
    return passes


def ours(job: Job, threads: int) -> Iterator[np.ndarray]:
    """Every tile by our reader, a batch at a time."""
    with open_slide(job.slide) as slide:
        for _, _, batch in read_level_tiles(slide, job.grid, job.levels, threads=threads):
            yield batch


def openslide_tile(slide: openslide.OpenSlide, tile: Tile) -> np.ndarray:
    """One tile by OpenSlide as its users read it."""
    edge = TILE * tile.reduce
    region = slide.read_region((tile.x, tile.y), tile.stored, (edge, edge)).convert("RGB")
    return np.asarray(region.reduce(tile.reduce) if tile.reduce > 1 else region)


def cucim_tile(image, tile: Tile) -> np.ndarray:
    """One tile by cuCIM."""
    edge = TILE * tile.reduce
    region = np.asarray(image.read_region((tile.x, tile.y), (edge, edge), tile.stored))
    if tile.reduce > 1:
        return np.asarray(Image.fromarray(region).reduce(tile.reduce))
    return region


def peer(job: Job, threads: int, opener: Callable, read: Callable) -> int:
    """All passes of a peer; with threads each has its own handle and a run of the tiles."""

    def run(part: Sequence[Tile]) -> int:
        handle = opener(str(job.slide))
        return sum(int(read(handle, tile)[-1, -1, 0]) for tile in part)

    tiles = [tile for one_pass in peer_tiles(job) for tile in one_pass]
    cuts = np.linspace(0, len(tiles), threads + 1).astype(int)
    parts = [tiles[low:high] for low, high in itertools.pairwise(cuts)]
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(run, parts))


def cucim_batches(job: Job, threads: int, opener: Callable) -> int:
    """CuCIM's own batch reader, for jobs of one level."""
    (tiles,) = peer_tiles(job)
    locations = [(tile.x, tile.y) for tile in tiles]
    batches = opener(str(job.slide)).read_region(
        locations, (TILE, TILE), tiles[0].stored, num_workers=threads, batch_size=64
    )
    return sum(int(np.asarray(batch)[..., -1, -1, 0].sum(dtype=np.int64)) for batch in batches)


def floor(job: Job, threads: int) -> int:
    """Read and decode every stored tile that the job needs, once, and throw it away."""
    with open_slide(job.slide) as slide:
        if not isinstance(slide, StripReader):
            raise TypeError("the benchmark's slide is for the strip reader")
        decoder = slide.decoder
        places = [
            (level, row, col)
            for level in sorted({part[0].stored for part in peer_tiles(job)})
            for row in range(decoder.levels[level].rows)
            for col in range(decoder.levels[level].cols)
        ]

        def run(part: Sequence[tuple[int, int, int]]) -> int:
            buffer = np.empty(TILE * TILE * 3, np.uint8)
            return sum(int(decoder.decode(*place, buffer)[-1, -1, 0]) for place in part)

        with ThreadPoolExecutor(threads) as pool:
            return sum(pool.map(run, [places[k::threads] for k in range(threads)]))


def largest_difference(job: Job, opener: Callable, read: Callable) -> int:
    """Grey levels between our tiles and the peer's, over all of them."""
    handle, worst = opener(str(job.slide)), 0
    passes = dict(zip(job.levels, peer_tiles(job), strict=True))
    with open_slide(job.slide) as slide:
        for level, index, batch in read_level_tiles(slide, job.grid, job.levels):
            for i, mine in zip(index.tolist(), batch, strict=True):
                theirs = read(handle, passes[level][i])
                worst = max(worst, int(np.abs(mine.astype(np.int16) - theirs).max()))
    return worst


def seconds(run: Callable[[], object]) -> float:
    """Wall time of one call; a generator is consumed, touching every batch."""
    start = time.perf_counter()
    result = run()
    if isinstance(result, Iterator):
        for batch in result:
            batch[:, -1, -1, 0].sum()
    return time.perf_counter() - start


def compare(
    name: str, mine: Callable, theirs: Callable, ground: Callable, pairs: int
) -> dict[str, Any]:
    """Time both in turns and give the row of the table."""
    times = np.empty((pairs, 3))
    runs = (mine, theirs, ground)
    for run in runs:
        run_once = run()
        if isinstance(run_once, Iterator):
            next(run_once)
    for pair in range(pairs):
        for k in (0, 1, 2) if pair % 2 == 0 else (2, 1, 0):
            times[pair, k] = seconds(runs[k])
    ratios = times[:, 1] / times[:, 0]
    rng = np.random.default_rng(0)
    draws = np.median(rng.choice(ratios, (4000, pairs)), axis=1)
    low, high = np.percentile(draws, [2.5, 97.5])
    goal = next((goal for key, goal in GOALS.items() if _fits(name, key)), None)
    return {
        "id": name,
        "ours": float(np.median(times[:, 0])),
        "peer": float(np.median(times[:, 1])),
        "floor": float(np.median(times[:, 2])),
        "ratio": float(np.median(ratios)),
        "low": float(low),
        "high": float(high),
        "floor_share": float(np.median(times[:, 2] / times[:, 0])),
        "goal": goal,
        "pairs": ratios.tolist(),
    }


def _fits(name: str, key: str) -> bool:
    job, peer_name = key.split()
    return name.startswith(job) and f" {peer_name} " in name


def peers() -> dict[str, tuple[Callable, Callable]]:
    """How each peer opens a slide and reads a tile."""
    found: dict[str, tuple[Callable, Callable]] = {
        "openslide": (openslide.OpenSlide, openslide_tile)
    }
    try:
        from cucim import CuImage
    except ImportError as error:
        print(f"cuCIM is left out: {error}")
    else:
        found["cucim"] = (CuImage, cucim_tile)
    return found


def measure(jobs: Sequence[Job], pairs: int) -> list[dict[str, Any]]:
    """All rows: check equality, then time."""
    rows = []
    for job in jobs:
        for name, (opener, read) in peers().items():
            worst = largest_difference(job, opener, read)
            print(f"{job.name} {name}: largest difference {worst} grey levels", flush=True)
            if worst > 1:
                raise SystemExit(f"{job.name}: our tiles differ from {name}'s by {worst}")
            for threads in (1, 2):
                mine, ground = partial(ours, job, threads), partial(floor, job, threads)
                theirs = {"": partial(peer, job, threads, opener, read)}
                if name == "cucim" and threads > 1 and len(job.levels) == 1:
                    theirs["batch reader "] = partial(cucim_batches, job, threads, opener)
                for kind, run in theirs.items():
                    label = f"{job.name} {name} {kind}{threads} thread{'s'[: threads - 1]}"
                    rows.append(compare(label, mine, run, ground, pairs))
                    print(line(rows[-1]), flush=True)
    return rows


def line(row: dict) -> str:
    """One row of the printed table."""
    goal = row["goal"]
    verdict = (
        "" if goal is None else f"goal {goal}: " + ("met" if row["ratio"] >= goal else "MISSED")
    )
    return (
        f"{row['id']:38s} ours {row['ours']:7.3f} s  peer {row['peer']:7.3f} s  "
        f"ratio {row['ratio']:5.2f} [{row['low']:.2f}, {row['high']:.2f}]  "
        f"floor {row['floor']:.3f} s = {row['floor_share']:.2f} of ours  {verdict}"
    )


def surroundings() -> dict[str, object]:
    """Versions and hardware."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "absent"
    cpu = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((text.split(":")[1].strip() for text in lines if "model name" in text), cpu)
    return {
        "versions": versions,
        "cpu": cpu,
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "system": platform.platform(),
    }


def main() -> None:
    """Parse the command line, measure, print and save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", type=Path, help="file for the rows")
    parser.add_argument("--size", type=int, default=12288, help="edge of the slide in px")
    parser.add_argument(
        "--pairs", type=int, default=7, help="timed pairs a row, 7 or more to report"
    )
    parser.add_argument("--only", default="", help="only jobs whose name starts with this, e.g. B2")
    options = parser.parse_args()
    if options.size % (16 * TILE):
        raise SystemExit(f"--size {options.size} must be a multiple of {16 * TILE}")
    before = surroundings()
    print(json.dumps(before))
    with tempfile.TemporaryDirectory() as folder:
        jobs = [
            job
            for job in make_jobs(Path(folder), options.size)
            if job.name.startswith(options.only)
        ]
        rows = measure(jobs, options.pairs)
    missed = [row["id"] for row in rows if row["goal"] is not None and row["ratio"] < row["goal"]]
    print(f"{len(rows)} rows, goals missed: {', '.join(map(str, missed)) or 'none'}")
    if options.json:
        report = {"rows": rows, "size": options.size, "pairs": options.pairs, **before}
        options.json.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
