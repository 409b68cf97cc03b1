"""What each MIL method costs: a bag of 200,000 tiles, and operations a slide.

Memory and seconds: every method in a process of its own, one thread, one bag of random features,
one prediction and one training step (the method's own objective, forward and backward). Peak memory
is the growth of the process over what imports take, the bag included. The goal is 4 GiB for both
at 1024 features (SRMIL trains at 512 within 6 GiB).

Operations: multiplications and additions of a forward pass on 4,000 tiles by torch's counter,
over those of ABMIL, without and with the patch encoder that makes the features.

    python scripts/benchmark_methods.py --json methods.json
    python scripts/benchmark_methods.py --tiles 20000 --methods abmil transmil --parts bag
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from monai_ext.engines.joint_reconstruction import JointReconstruction
from monai_ext.losses import BagObjective, build_mil_objective
from monai_ext.networks import M2OTCA, MIL_BASELINES, LibraMIL, build_mil_baseline
from monai_ext.networks.encoders import build_patch_encoder
from monai_ext.networks.nets.srmil import SRMIL
from monai_ext.ops.bag_layout import pack_bag
from monai_ext.ops.regions import spatial_regions

CLASSES, HIDDEN, ATTENTION, REGIONS = 2, 256, 128, 30
COUNTED_TILES = 4000
PARTS = ("bag", "operations")


class Method(NamedTuple):
    """How a method is built and trained."""

    network: Callable[[int], nn.Module]
    """Of the feature width."""
    objective: Callable[[int], nn.Module] = lambda _: BagObjective(nn.CrossEntropyLoss())
    widths: tuple[int, ...] = (1024,)
    """Feature widths to measure."""
    levels: int = 1
    """Levels that the tiles are spread over."""


def _baseline(name: str) -> Method:
    sizes: dict[str, Any] = {"hidden_dim": HIDDEN, "attention_dim": ATTENTION, "m": REGIONS}

    def objective(_: int) -> nn.Module:
        loss = nn.CrossEntropyLoss()
        return build_mil_objective(name, loss, num_classes=CLASSES, num_levels=1, hidden_dim=HIDDEN)

    return Method(lambda width: build_mil_baseline(name, width, CLASSES, [0], **sizes), objective)


def _m2otca(width: int) -> nn.Module:
    sizes: dict[str, Any] = {"m": REGIONS, "hidden_dim": HIDDEN, "attention_dim": ATTENTION}
    return M2OTCA(width, CLASSES, levels=[0, 1, 2], **sizes)


def _libra(width: int) -> nn.Module:
    prototypes: dict[str, Any] = {
        "num_vision_prototypes": 30,
        "num_text_prototypes": 30,
        "text_dim": 384,
    }
    return LibraMIL(width, CLASSES, hidden_dim=HIDDEN, **prototypes)


SRMIL_SIZES: dict[str, Any] = {"heads": 4, "head_dim": HIDDEN // 4}
METHODS: dict[str, Method] = {
    **{name: _baseline(name) for name in MIL_BASELINES.names},
    "m2otca": Method(_m2otca, levels=3),
    "libra_mil": Method(_libra),
    "srmil": Method(
        lambda width: SRMIL(width, CLASSES, classifier_dim=HIDDEN, **SRMIL_SIZES),
        lambda width: JointReconstruction(width, **SRMIL_SIZES),
        widths=(512, 1024),
    ),
}
"""One line a method."""


def random_slide(tiles: int, width: int, levels: int) -> Tensor:
    """A bag ``[1, 4 + D, N]`` of about so many tiles on a square grid, with regions."""
    share = sum(4.0**-k for k in range(levels))
    side = max(2 ** (levels - 1), int((tiles / share) ** 0.5))
    level, row, col = [], [], []
    for k in range(levels):
        rows, cols = torch.meshgrid(*(torch.arange(side >> k),) * 2, indexing="ij")
        row.append(rows.flatten())
        col.append(cols.flatten())
        level.append(torch.full_like(row[-1], k))
    index = [torch.cat(parts) for parts in (level, row, col)]
    generator = torch.Generator().manual_seed(0)
    storage = torch.empty(len(index[0]), 4 + width).normal_(generator=generator)
    region = spatial_regions(index[0], index[1], index[2], REGIONS)
    storage[:, :4] = pack_bag(torch.empty(len(region), 0), index[0], index[1], index[2], region).mT
    return storage.mT[None]


def peak_kib(*, reset: bool = False) -> int:
    """Peak resident memory of this process, since the last reset."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


def measure(name: str, tiles: int, width: int) -> dict[str, Any]:
    """Seconds and memory of one prediction and one training step, in this process."""
    torch.set_num_threads(1)
    method = METHODS[name]
    warm = random_slide(64, width, method.levels)
    network, objective = method.network(width), method.objective(width)
    label = torch.ones(1, dtype=torch.long)
    objective(network.train(), warm, label).backward()
    before = peak_kib(reset=True)
    bag = random_slide(tiles, width, method.levels)
    found: dict[str, Any] = {"tiles": bag.shape[2], "bag_mib": bag.numel() * 4 / 2**20}
    start = time.perf_counter()
    with torch.inference_mode():
        network.eval().explain(bag)  # pyright: ignore[reportCallIssue]
    found |= {"predict_s": time.perf_counter() - start}
    found |= {"predict_mib": (peak_kib() - before) / 1024}
    peak_kib(reset=True)
    start = time.perf_counter()
    objective(network.train(), bag, label).backward()
    found |= {"train_s": time.perf_counter() - start}
    return found | {"train_mib": (peak_kib() - before) / 1024}


def measure_apart(name: str, tiles: int, width: int) -> dict[str, Any]:
    """The same in a fresh process."""
    command = [sys.executable, __file__, "--measure", name, str(tiles), str(width)]
    # freed arrays go back at once, so that the peak is what was alive
    malloc = {"MALLOC_MMAP_THRESHOLD_": "16384", "MALLOC_TRIM_THRESHOLD_": "0"}
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, check=False, env=os.environ | malloc
    )
    row = {"method": name, "width": width}
    if done.returncode:
        return row | {"failed": done.stderr.strip().splitlines()[-1]}
    return row | json.loads(done.stdout.strip().splitlines()[-1])


def operations(network: nn.Module, given: Tensor) -> int:
    """Multiplications and additions of a forward pass, counted."""
    # fused attention has no formula on a CPU; its parts have. The counter needs gradient mode
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        network.eval()(given)
    return counter.get_total_flops()


def operation_rows(names: list[str]) -> list[dict[str, Any]]:
    """Operations a tile of every method, and of the encoder before it."""
    encoder = build_patch_encoder("efficientnet_lite0")
    side = encoder.input_px or 256
    encoder_flops = operations(encoder, torch.zeros(1, 3, side, side))
    counted = {}
    for name in dict.fromkeys(["abmil", *names]):
        method = METHODS[name]
        bag = random_slide(COUNTED_TILES, 1024, method.levels)
        counted[name] = operations(method.network(1024), bag) / bag.shape[2]
    base = counted["abmil"]
    rows = []
    for name in names:
        row = {"method": name, "mflop_a_tile": counted[name] / 1e6}
        row |= {"over_abmil": counted[name] / base}
        row |= {"with_encoder": (encoder_flops + counted[name]) / (encoder_flops + base)}
        rows.append(row)
    return [*rows, {"method": "encoder", "mflop_a_tile": encoder_flops / 1e6}]


def show(rows: list[dict[str, Any]]) -> None:
    """Print a table."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    print(" | ".join(names))
    for row in rows:
        cells = [row.get(name, "") for name in names]
        print(" | ".join(f"{c:.4g}" if isinstance(c, float) else str(c) for c in cells))


def main() -> None:
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(description="cost of MIL methods")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--tiles", type=int, default=200_000)
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--measure", nargs=3)
    options = parser.parse_args()
    if options.measure:
        name, tiles, width = options.measure
        print(json.dumps(measure(name, int(tiles), int(width))))
        return
    result: dict[str, Any] = {"torch": torch.__version__, "tiles": options.tiles}
    if "bag" in options.parts:
        result["bag"] = [
            measure_apart(name, options.tiles, width)
            for name in options.methods
            for width in METHODS[name].widths
        ]
        show(result["bag"])
    if "operations" in options.parts:
        result["operations"] = operation_rows(options.methods)
        show(result["operations"])
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
