"""Time the batched Sinkhorn plan and its gradient against POT, and its memory over iterations.

64 problems of 16 x 16, float32 on one CPU thread, forward and backward through the plan. Every side
stops at a marginal error of 1e-5 by its own rule; the errors reached are printed. First, in
float64, all gradients are checked to be the same. Times are alternating pairs: the ratio is the
median of the paired ratios, low and high its 95 % bootstrap interval. Two problems: one that needs
some 15 iterations, where fixed costs count, and one that needs some 80.

    python scripts/benchmark_sinkhorn.py --json result.json --pairs 7
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
from typing import NamedTuple

import numpy as np
import ot
import torch

from monai_ext.ops.costs import cost_matrix
from monai_ext.ops.sinkhorn import sinkhorn

BATCH, ROWS, COLS = 64, 16, 16
TOLERANCE, MAX_ITERS = 1e-5, 2000
Solver = Callable[[torch.Tensor, float], torch.Tensor]


class Problem(NamedTuple):
    """How hard the transport is: the smaller the width and epsilon, the more iterations."""

    width: int
    scale: str
    epsilon: float


PROBLEMS = {"easy": Problem(64, "max", 0.05), "hard": Problem(8, "mean", 0.1)}


def random_cost(problem: Problem) -> torch.Tensor:
    """L2 distances of random prototypes over epsilon, so that every solver gets epsilon 1."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(BATCH, ROWS, problem.width, generator=generator, dtype=torch.float64)
    y = torch.randn(BATCH, COLS, problem.width, generator=generator, dtype=torch.float64)
    return cost_matrix(x, y, "l2", problem.scale) / problem.epsilon


def ours(cost: torch.Tensor, tol: float) -> torch.Tensor:
    """The plan of monai_ext, implicit gradient."""
    return sinkhorn(cost, epsilon=1.0, n_iters=MAX_ITERS, tol=tol, grad="implicit").plan


def pot_loop(method: str) -> Solver:
    """One POT call a problem."""

    def solve(cost: torch.Tensor, tol: float) -> torch.Tensor:
        a, b = cost.new_full((ROWS,), 1 / ROWS), cost.new_full((COLS,), 1 / COLS)
        plans = [
            ot.sinkhorn(a, b, c, 1.0, method=method, numItermax=MAX_ITERS, stopThr=tol, warn=False)
            for c in cost
        ]
        return torch.stack(plans)  # pyright: ignore[reportArgumentType]

    return solve


def pot_batch(method: str) -> Solver:
    """POT's batch solver, differentiated through its iterations."""

    def solve(cost: torch.Tensor, tol: float) -> torch.Tensor:
        return ot.batch.solve_batch(  # pyright: ignore[reportReturnType]
            cost, 1.0, max_iter=MAX_ITERS, tol=tol, method=method, grad="autodiff"
        ).plan

    return solve


PEERS: dict[str, Solver] = {
    "ot.sinkhorn loop, method=sinkhorn_log": pot_loop("sinkhorn_log"),
    "ot.sinkhorn loop, method=sinkhorn": pot_loop("sinkhorn"),
    "ot.batch.solve_batch, method=log_sinkhorn": pot_batch("log_sinkhorn"),
    "ot.batch.solve_batch, method=sinkhorn": pot_batch("sinkhorn"),
}


def run(
    solve: Solver, cost: torch.Tensor, weight: torch.Tensor, tol: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Plan and gradient of a linear function of it."""
    leaf = cost.clone().requires_grad_()
    plan = solve(leaf, tol)
    return plan.detach(), torch.autograd.grad((plan * weight).sum(), leaf)[0]


def marginal_error(plan: torch.Tensor) -> float:
    """Largest sum of absolute errors of one marginal, over the batch."""
    rows = (plan.sum(2) - 1 / ROWS).abs().sum(1)
    return float(torch.maximum(rows, (plan.sum(1) - 1 / COLS).abs().sum(1)).max())


def check_gradients(cost: torch.Tensor, weight: torch.Tensor) -> None:
    """Refuse to time anything whose gradient differs, in float64 at convergence."""
    plan, grad = run(ours, cost, weight, 1e-13)
    for name, solve in PEERS.items():
        peer_plan, peer_grad = run(solve, cost, weight, 1e-13)
        torch.testing.assert_close(plan, peer_plan, rtol=1e-6, atol=1e-10)
        torch.testing.assert_close(grad, peer_grad, rtol=1e-5, atol=1e-8)
        print(f"gradient equal, difference {float((grad - peer_grad).abs().max()):.1e}: {name}")


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Mean time of one call."""
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - start) / repeats


def paired_times(first: Callable[[], object], second: Callable[[], object], pairs: int):
    """Alternating times, the order turned every pair; each side long enough to be read."""
    seconds(first, 1)
    seconds(second, 1)
    counts = [max(1, round(0.1 / seconds(work, 1))) for work in (first, second)]
    times = np.empty((pairs, 2))
    for k in range(pairs):
        for side in (0, 1) if k % 2 == 0 else (1, 0):
            times[k, side] = seconds((first, second)[side], counts[side])
    return times


def row(name: str, pairs: np.ndarray) -> dict[str, float | str]:
    """Median of the paired ratios peer / ours and its bootstrap interval."""
    ratios = pairs[:, 1] / pairs[:, 0]
    draws = np.random.default_rng(0).choice(ratios, (5000, len(ratios)))
    low, high = np.quantile(np.median(draws, 1), [0.025, 0.975])
    mine, peer = np.median(pairs, 0)
    numbers = {"ours": mine, "peer": peer, "ratio": np.median(ratios), "low": low, "high": high}
    return {"id": name, **{key: float(value) for key, value in numbers.items()}}


def time_rows(kind: str, cost: torch.Tensor, pairs: int) -> list[dict[str, float | str]]:
    """Check the gradients of one problem, then time it against every peer."""
    weight = torch.randn(cost.shape, generator=torch.Generator().manual_seed(1)).double()
    check_gradients(cost[:8], weight[:8])
    cost, weight = cost.float(), weight.float()
    iters = sinkhorn(cost, epsilon=1.0, n_iters=MAX_ITERS, tol=TOLERANCE).n_iters
    error = marginal_error(run(ours, cost, weight, TOLERANCE)[0])
    print(f"{kind}: {iters} iterations, marginal error {error:.1e} (ours)")
    rows = []
    for name, solve in PEERS.items():
        peer_error = marginal_error(run(solve, cost, weight, TOLERANCE)[0])
        print(f"{kind}: marginal error {peer_error:.1e}: {name}")
        times = paired_times(
            lambda: run(ours, cost, weight, TOLERANCE),
            lambda solve=solve: run(solve, cost, weight, TOLERANCE),
            pairs,
        )
        rows.append(row(f"B7 {kind}, {name}", times))
    return rows


MEASURE = """
import sys, torch
from pathlib import Path
from monai_ext.ops.sinkhorn import sinkhorn
torch.set_num_threads(1)
def work(size, iters):
    cost = torch.rand(64, size, size, generator=torch.Generator().manual_seed(0)).requires_grad_()
    out = sinkhorn(cost, epsilon=0.5, n_iters=iters, grad=sys.argv[1], domain=sys.argv[2])
    out.plan.square().sum().backward()
def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])
work(2, 2)
Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
before = peak()
work(96, int(sys.argv[3]))
print((peak() - before) / 1024)
"""


def peak_mib(grad: str, domain: str, iters: int) -> float:
    """Growth of the peak resident memory by one forward and backward, in a fresh process."""
    command = [sys.executable, "-c", MEASURE, grad, domain, str(iters)]
    # freed arrays go back at once, so that the peak is what was alive
    malloc = {"MALLOC_MMAP_THRESHOLD_": "16384", "MALLOC_TRIM_THRESHOLD_": "0"}
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, check=True, env=os.environ | malloc
    )
    return float(done.stdout)


def memory_rows(repeats: int) -> list[dict[str, float | str]]:
    """Peak memory of 200 over 20 iterations, 64 problems of 96 x 96: 1 is flat."""
    rows = []
    for grad in ("implicit", "unroll"):
        for domain in ("log", "scaling"):
            pairs = [[peak_mib(grad, domain, iters) for iters in (20, 200)] for _ in range(repeats)]
            rows.append(row(f"B9 MiB at 20 and 200 iterations, {grad}, {domain}", np.array(pairs)))
    return rows


def main() -> None:
    """Check, time, print, and write."""
    parser = argparse.ArgumentParser(description="Sinkhorn against POT")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--pairs", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for kind, problem in PROBLEMS.items():
        rows += time_rows(kind, random_cost(problem), options.pairs)
    rows += memory_rows(3)
    for found in rows:
        print(
            "{ratio:7.2f} [{low:.2f}, {high:.2f}]  ours {ours:.4g}  peer {peer:.4g}  {id}".format(
                **found
            )
        )
    if options.json:
        options.json.write_text(json.dumps({"rows": rows}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
