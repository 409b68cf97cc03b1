"""Seconds and peak memory of a training step: the ``steps`` part of benchmark_segmentation.py."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import nn
from torch.nn.init import trunc_normal_

from monai_ext.engines import (
    SemiSupervised,
    build_prototype_objective,
    keep_freed_memory,
    segmentation_parameters,
)
from monai_ext.losses import PixelCrossEntropy
from monai_ext.networks.encoders import PixelEncoder, build_pixel_encoder, build_text_prototypes
from monai_ext.networks.encoders.patch_encoder import PatchEncoder
from monai_ext.networks.encoders.uni import vit_l16
from monai_ext.networks.nets.transuni import TransUNi

_MEAN, _STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
_WARM, _SIDE = 1, 256
_HEAD = ("encoder", "trained", "checkpointing", "ssl", "batch", "s a step", "peak MiB")


@dataclass(frozen=True)
class StepCase:
    """One line of the table."""

    encoder: str
    trained: str
    checkpointing: bool
    ssl: str
    batch: int
    threads: int
    steps: int


class RandomUNI(PatchEncoder):
    """UNI's network with random weights: its size is what is measured."""

    encoder_id, embed_dim, licence, commercial_use = "uni_size", 1024, "none", None

    def __init__(self) -> None:
        network = vit_l16("full")
        for parameter in network.parameters():
            if parameter.ndim > 1:
                trunc_normal_(parameter, std=0.02)
        super().__init__(network, _MEAN, _STD)


def step_cases(threads: int, steps: int) -> list[StepCase]:
    """Both encoders, ways of training, batches 1 to 8."""
    given = {"threads": threads, "steps": steps}
    small = [
        StepCase("efficientnet_lite0", "all", checkpointing=False, ssl=ssl, batch=batch, **given)
        for ssl in ("supervised", "mpamatch")
        for batch in (1, 2, 4, 8)
    ]
    kinds = [("none", False), ("all", False), ("all", True)]
    large = [
        StepCase("uni_size", t, c, "supervised", b, **given) for b in (1, 2, 4, 8) for t, c in kinds
    ]
    paper = [StepCase("uni_size", t, c, "mpamatch", 1, **given) for t, c in kinds]
    return small + large + paper


def measure_steps(threads: int = 2, steps: int = 3) -> str:
    """Run every case in a process of its own; the table as markdown."""
    lines = ["| " + " | ".join(_HEAD) + " |", "| " + " | ".join(["---"] * len(_HEAD)) + " |"]
    for case in step_cases(threads, steps):
        command = [sys.executable, __file__, json.dumps(asdict(case))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            found = {"s": f"failed ({done.returncode})", "peak": "-"}
        else:
            found = json.loads(done.stdout.strip().splitlines()[-1])
        row = (case.encoder, case.trained, "on" if case.checkpointing else "off", case.ssl)
        lines.append(f"| {' | '.join(row)} | {case.batch} | {found['s']} | {found['peak']} |")
        print(lines[-1], flush=True)
    return "\n".join(lines)


def run_case(case: StepCase) -> dict[str, str]:
    """Take steps in this process; median seconds, and memory above what stood before."""
    keep_freed_memory()  # as the bundle does
    torch.set_num_threads(case.threads)
    torch.manual_seed(0)  # noqa: TID251
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _peak_mib()
    network, objective = _built(case)
    groups = segmentation_parameters(
        network, objective, learning_rate=1e-4, head_rate=1e-4, encoder_rate=1e-5, prompt_rate=2e-3
    )
    optimizer = torch.optim.AdamW(groups)
    seconds = []
    for _ in range(_WARM + case.steps):
        start = time.perf_counter()
        loss = objective(network, *_batch(case))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seconds.append(time.perf_counter() - start)
    took = statistics.median(seconds[_WARM:])
    return {"s": f"{took:.2f}", "peak": f"{_peak_mib() - before:.0f}"}


def _built(case: StepCase) -> tuple[TransUNi, nn.Module]:
    made = {"trained": case.trained, "checkpointing": case.checkpointing}
    if case.encoder == "uni_size":
        encoder, widths = PixelEncoder(RandomUNI(), **made), (512, 256, 128, 64, 16)
    else:
        encoder, widths = build_pixel_encoder(case.encoder, **made), (256, 128, 64, 32, 16)
    norm = "batch" if case.batch >= 4 else "group"
    network = TransUNi(encoder, 2, decoder_channels=widths, norm=norm, embed_dim=512).train()
    text = build_text_prototypes([["a"], ["b"]], "random", options={"dim": 512})
    prototypes = build_prototype_objective(2, 512, text=text)
    return network, SemiSupervised(2, ssl=case.ssl, loss=PixelCrossEntropy(), prototypes=prototypes)


def _batch(case: StepCase) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    names = ("image", "weak", "strong_1", "strong_2")
    inputs = {name: 255 * torch.rand(case.batch, 3, _SIDE, _SIDE) for name in names}
    inputs["outside"] = torch.zeros(case.batch, 1, _SIDE, _SIDE)
    return inputs, torch.randint(2, (case.batch, 1, _SIDE, _SIDE))


def _peak_mib() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return float(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024.0


if __name__ == "__main__":
    print(json.dumps(run_case(StepCase(**json.loads(sys.argv[1])))))
