"""Time one training epoch of ABMIL over bags of very different sizes against torchmil.

Log-normal bag sizes, the same weights on all sides: an embedding, gated attention, one logit,
binary cross-entropy; forward and backward of every bag, gradients accumulated, no optimiser step.
First the mean losses and the gradients are compared. Ours and a peer then alternate: the ratio is
the median of the paired ratios peer / ours, low and high its 95 % bootstrap interval. Ours is timed
bag by bag and in padded batches (whose padding it skips), torchmil bag by bag and in the same
padded batches. The share of the ceiling is the speed of ours over that of one large matrix product
in the same run, which no exact float32 computation of these layers exceeds by much.

    python scripts/benchmark_epoch.py --json epoch.json --bags 64 --pairs 7 --threads 1
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torchmil.models import ABMIL

from monai_ext.networks import MultiLevelMIL, build_mil_baseline
from monai_ext.ops.bag_layout import NUM_INDEX_ROWS, pack_bag, pad_bags

WIDTH, HIDDEN, ATTENTION = 1024, 512, 128
MEDIAN_SIZE, SPREAD, SMALLEST, LARGEST = 1000, 0.9, 50, 20_000
BATCH = 16
FLOPS_A_TILE = 4 * WIDTH * HIDDEN + 12 * HIDDEN * ATTENTION
"""Multiplications and additions of forward and backward; features need no gradient."""
Epoch = Callable[[], float]


class Bags(NamedTuple):
    """The epoch, in the forms that the sides read."""

    single: list[Tensor]
    """``[1, 4 + D, N_i]`` each, ours."""
    plain: list[Tensor]
    """``[1, N_i, D]`` each, torchmil's."""
    padded: list[Tensor]
    """``[BATCH, 4 + D, N]`` each."""
    padded_plain: list[tuple[Tensor, Tensor]]
    """Features ``[BATCH, N, D]`` and mask ``[BATCH, N]``."""
    labels: Tensor


def bag_sizes(count: int) -> list[int]:
    """Log-normal numbers of tiles."""
    drawn = np.random.default_rng(0).normal(np.log(MEDIAN_SIZE), SPREAD, count)
    return np.clip(np.exp(drawn), SMALLEST, LARGEST).astype(int).tolist()


def make_bags(sizes: list[int]) -> Bags:
    """Normal features."""
    generator = torch.Generator().manual_seed(0)
    bags = []
    for size in sizes:
        index = torch.zeros(size, dtype=torch.long)
        features = torch.randn(size, WIDTH, generator=generator)
        bags.append(pack_bag(features, index, index, index))
    groups = [bags[start : start + BATCH] for start in range(0, len(bags), BATCH)]
    padded = [pad_bags(group) for group in groups]
    features = [batch[:, NUM_INDEX_ROWS:].mT.contiguous() for batch in padded]
    masks = [(batch[:, 0] >= 0).float() for batch in padded]
    labels = torch.randint(0, 2, (len(sizes),), generator=generator).float()
    plain = [bag[None, NUM_INDEX_ROWS:].mT.contiguous() for bag in bags]
    single = [bag[None] for bag in bags]
    return Bags(single, plain, padded, list(zip(features, masks, strict=True)), labels)


def same_networks() -> tuple[MultiLevelMIL, ABMIL]:
    """Ours and torchmil's, with the same weights."""
    ours = build_mil_baseline("abmil", WIDTH, 1, [0], hidden_dim=HIDDEN, attention_dim=ATTENTION)
    embed = nn.Sequential(nn.Linear(WIDTH, HIDDEN), nn.ReLU())
    peer = ABMIL(in_shape=(WIDTH,), att_dim=ATTENTION, gated=True, feat_ext=embed)
    assert isinstance(ours, MultiLevelMIL)  # noqa: S101
    for target, source in zip(peer_layers(peer), our_layers(ours), strict=True):
        for name in ("weight", "bias"):
            if getattr(target, name) is not None:
                getattr(target, name).data.copy_(getattr(source, name).data)
    return ours, peer


def our_layers(network: MultiLevelMIL) -> list[nn.Linear]:
    """Layers in one order for both sides."""
    branch: nn.Module = network.branches[0]
    attention = ["attention.value", "attention.gate", "attention.score"]
    return linear_layers(branch, ["embed.linear", *attention, "classifier"])


def peer_layers(network: ABMIL) -> list[nn.Linear]:
    """The same layers of torchmil."""
    attention = ["pool.fc1.module", "pool.fc_gated.module", "pool.fc2"]
    return linear_layers(network, ["feat_ext.0", *attention, "classifier.module"])


def linear_layers(module: nn.Module, names: list[str]) -> list[nn.Linear]:
    """Layers by their paths."""
    return [cast(nn.Linear, module.get_submodule(name)) for name in names]


def epoch(logits: Callable[..., Tensor], batches: list, labels: Tensor) -> Epoch:
    """Mean loss over all bags, gradients accumulated on the way."""
    sizes = [len(batch[0] if isinstance(batch, tuple) else batch) for batch in batches]
    parts = list(zip(batches, labels.split(sizes), strict=True))

    def run() -> float:
        total = 0.0
        for batch, label in parts:
            given = batch if isinstance(batch, tuple) else (batch,)
            out = logits(*given).reshape(-1)
            loss = binary_cross_entropy_with_logits(out, label, reduction="sum") / len(labels)
            loss.backward()
            total += loss.item()
        return total

    return run


def gradients(run: Epoch, layers: list[nn.Linear]) -> tuple[float, Tensor]:
    """Loss and all gradients of an epoch."""
    for layer in layers:
        layer.zero_grad()
    loss = run()
    found = [layer.weight.grad for layer in layers]
    return loss, torch.cat([grad.flatten() for grad in found if grad is not None])


def check_equal(first: tuple[float, Tensor], second: tuple[float, Tensor], name: str) -> None:
    """Refuse to time what is not the same."""
    difference = float((first[1] - second[1]).abs().max() / first[1].abs().max())
    print(f"loss {first[0]:.7f} {second[0]:.7f}, gradients differ by {difference:.1e}: {name}")
    if abs(first[0] - second[0]) > 1e-5 or difference > 1e-3:
        raise SystemExit(f"{name}: not equal")


def paired_times(first: Epoch, second: Epoch, pairs: int) -> np.ndarray:
    """Seconds, the order turned every pair."""
    first()
    second()
    times = np.empty((pairs, 2))
    for k in range(pairs):
        for side in (0, 1) if k % 2 == 0 else (1, 0):
            start = time.perf_counter()
            (first, second)[side]()
            times[k, side] = time.perf_counter() - start
    return times


def ceiling_gflops() -> float:
    """Speed of the embedding's product on 4096 tiles, best of 9."""
    x, w = torch.randn(4096, WIDTH), torch.randn(HIDDEN, WIDTH)
    seconds = []
    for _ in range(9):
        start = time.perf_counter()
        torch.mm(x, w.T)
        seconds.append(time.perf_counter() - start)
    return 2 * 4096 * WIDTH * HIDDEN / min(seconds) / 1e9


def row(name: str, times: np.ndarray, tiles: int, ceiling: float) -> dict:
    """Median of the paired ratios peer / ours, its bootstrap interval, and ours by the ceiling."""
    ratios = times[:, 1] / times[:, 0]
    draws = np.random.default_rng(0).choice(ratios, (5000, len(ratios)))
    low, high = np.quantile(np.median(draws, 1), [0.025, 0.975])
    ours, peer = np.median(times, 0)
    speed = [FLOPS_A_TILE * tiles / side / 1e9 for side in (ours, peer)]
    return {
        "id": name,
        "ratio": float(np.median(ratios)),
        "low": float(low),
        "high": float(high),
        "ours": float(ours),
        "peer": float(peer),
        "gflops": [float(s) for s in speed],
        "share_of_ceiling": float(speed[0] / ceiling),
        "pairs": times.tolist(),
    }


def main() -> None:
    """Check, time, print, and write."""
    parser = argparse.ArgumentParser(description="ABMIL epoch against torchmil")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--bags", type=int, default=64)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    sizes = bag_sizes(options.bags)
    bags = make_bags(sizes)
    ours, peer = same_networks()
    mine = {
        "bag by bag": epoch(ours, bags.single, bags.labels),
        "padded batches": epoch(ours, bags.padded, bags.labels),
    }
    peers = {
        "bag by bag": epoch(peer, bags.plain, bags.labels),
        "padded batches": epoch(peer, bags.padded_plain, bags.labels),
    }
    waste = sum(batch.shape[0] * batch.shape[2] for batch in bags.padded) / sum(sizes)
    print(f"{len(sizes)} bags, {min(sizes)} to {max(sizes)} tiles, padding waste {waste:.2f}")
    reference = gradients(peers["bag by bag"], peer_layers(peer))
    for name, run in mine.items():
        check_equal(reference, gradients(run, our_layers(ours)), f"ours {name}")
    check_equal(reference, gradients(peers["padded batches"], peer_layers(peer)), "torchmil padded")
    ceiling, rows = ceiling_gflops(), []
    print(f"ceiling {ceiling:.0f} GFLOP/s, {options.threads} threads")
    for my_name, my_run in mine.items():
        for peer_name, peer_run in peers.items():
            times = paired_times(my_run, peer_run, options.pairs)
            name = f"B10 ours {my_name}, torchmil {peer_name}"
            rows.append(row(name, times, sum(sizes), ceiling))
            print(
                "{ratio:6.2f} [{low:.2f}, {high:.2f}]  ours {ours:.3g} s  peer {peer:.3g} s  "
                "share of ceiling {share_of_ceiling:.2f}  {id}".format(**rows[-1])
            )
    result = {"sizes": sizes, "padding_waste": waste, "ceiling_gflops": ceiling, "rows": rows}
    result |= {"threads": options.threads, "torch": torch.__version__}
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
