"""Time segmentation on one slide against MONAI's sliding window over the slide as a whole.

Both sides have the same network (TransUNi on EfficientNet-Lite0, decoder with random weights), the
same windows, overlap, blending and mpp, and end with a class for every pixel. The peer reads the
slide with MONAI's WSIReader and hands it to SlidingWindowInferer. Each timing is a process of its
own, the sides alternate, the peer a second time with freed memory kept as our configs keep it; the
ratio is the median of the paired ratios peer / ours. With one thread the seconds of the processor
hold on a busy machine too. Memory is the peak of the process above what it held when the network
was built. First both say what they see of the same pixels: scores must agree wherever no window
was left out.

    python scripts/benchmark_segmentation.py slide --pairs 3 --roi_px 256
    python scripts/benchmark_segmentation.py steps     # seconds and memory of training steps

Steps are on random images of 256 px; ``uni_size`` is UNI's network with random weights.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import fire
import numpy as np
import torch
from monai.data.wsi_reader import WSIReader
from monai.inferers.inferer import SlidingWindowInferer
from segmentation_steps import measure_steps
from torch import Tensor, nn

from monai_ext.engines.freed_memory import keep_freed_memory
from monai_ext.engines.segment_inferer import scored_rows, segment_slide
from monai_ext.engines.segment_pixels import reading_grid
from monai_ext.engines.segment_settings import SegmentationSettings
from monai_ext.engines.segment_source import SlideToSegment
from monai_ext.engines.segment_windows import WindowPlan, plan_windows
from monai_ext.networks.encoders.named_pixel_encoder import build_pixel_encoder
from monai_ext.networks.nets.transuni import TransUNi

_DATA = Path(os.environ.get("MONAI_EXT_DATA", "../shared/data"))
_SLIDE = "slides/cmu-1-small-region.svs"
_KIB = 1024.0  # a MiB
_MEASURED = ("wall s", "processor s", "peak MiB")
_SIDES = ("ours", "monai", "monai_kept")
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Case:
    """What both sides are asked to do."""

    path: str
    target_mpp: float
    roi_px: int
    overlap: float
    batch_size: int
    threads: int
    find_tissue: str = "find"

    def waiting(self) -> SlideToSegment:
        """The slide."""
        settings = SegmentationSettings(
            target_mpp=self.target_mpp,
            roi_px=self.roi_px,
            overlap=self.overlap,
            batch_size=self.batch_size,
            prefetch=4,
            threads=self.threads,
            find_tissue=self.find_tissue,
        )
        return SlideToSegment(self.path, Path(self.path).stem, None, settings)

    def inferer(self) -> SlidingWindowInferer:
        """The peer."""
        return SlidingWindowInferer(
            self.roi_px, self.batch_size, self.overlap, mode="gaussian", cval=255
        )


def build_network() -> nn.Module:
    """The same for all processes."""
    torch.manual_seed(0)  # noqa: TID251
    encoder = build_pixel_encoder("efficientnet_lite0")
    return TransUNi(encoder, 3, decoder_channels=(256, 128, 64, 32, 16)).eval()


def slide(
    path: str = "",
    target_mpp: float = 0.5,
    roi_px: int = 256,
    overlap: float = 0.25,
    batch_size: int = 2,
    threads: int = 2,
    pairs: int = 3,
    find_tissue: str = "find",
) -> None:
    """Compare both sides on one slide and print a table.

    Args:
        path: slide with a stored level of that mpp; by default one of ``MONAI_EXT_DATA``.
        target_mpp: um a px.
        roi_px: edge of a window.
        overlap: share of a window.
        batch_size: windows a call.
        threads: of the network, and for decoding.
        pairs: how often both are timed.
        find_tissue: ``find``; ``all`` leaves no window out, so that all scores are equal.
    """
    case = Case(
        path or str(_DATA / _SLIDE), target_mpp, roi_px, overlap, batch_size, threads, find_tissue
    )
    torch.set_num_threads(threads)
    facts = _compare(case)
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in _SIDES}
    for k in range(pairs):
        for name in (*_SIDES[k % len(_SIDES) :], *_SIDES[: k % len(_SIDES)]):
            runs[name].append(_measured(name, case))
    _print_table(case, facts, runs)


def steps(threads: int = 2, repeats: int = 3) -> None:
    """Print seconds and peak MiB of a training step, a line as soon as it is there.

    Args:
        threads: of torch.
        repeats: steps whose median is taken, after one to warm up.
    """
    measure_steps(threads, repeats)


def side(name: str, case: str) -> None:
    """Run one side in this process and print its seconds and MiB as JSON.

    Args:
        name: ``ours``, ``monai``, or ``monai_kept``: with freed memory kept, as ours does it.
        case: a ``Case`` as JSON.
    """
    asked = Case(**(json.loads(case) if isinstance(case, str) else case))
    torch.set_num_threads(asked.threads)
    if name != "monai":
        keep_freed_memory()
    network = build_network()
    before = _restarted_peak_mib()
    start, work = time.perf_counter(), time.process_time()
    _ours(asked, network) if name == "ours" else _monai(asked, network)
    said = {"wall s": time.perf_counter() - start, "processor s": time.process_time() - work}
    print(json.dumps(said | {"peak MiB": _peak_mib() - before}))


def _ours(case: Case, network: nn.Module) -> np.ndarray:
    waiting = case.waiting()
    labels = segment_slide(waiting, network).labels
    waiting.close()
    return labels


def _monai(case: Case, network: nn.Module) -> np.ndarray:
    reader = WSIReader(backend="openslide", mpp=case.target_mpp)
    opened = reader.read(case.path)
    pixels, _ = reader.get_data(opened)
    with torch.inference_mode():
        image = torch.as_tensor(pixels)[None].float()
        scores: Any = case.inferer()(image, network)
        return scores[0].softmax(0).argmax(0).to(torch.uint8).numpy()


def _compare(case: Case) -> dict[str, float]:
    """Both sides on the pixels that our reader gives."""
    network, waiting = build_network(), case.waiting()
    info = waiting.reader.info
    grid = reading_grid(waiting.settings.spec, waiting.mpp, (info.width, info.height))
    if grid.step_px != grid.spec.tile_px:
        raise SystemExit(f"level 0 has {waiting.mpp:g} um a px: give that as --target_mpp")
    size, tissue = (info.width, info.height), waiting.tissue()
    plan = plan_windows(size, case.roi_px, case.overlap, tissue)
    pixels = waiting.reader.read_region(0, 0, *size, 0)
    with torch.inference_mode():
        image = torch.from_numpy(pixels).permute(2, 0, 1)[None].float()
        peer: Any = case.inferer()(image, network)
        own = torch.zeros_like(peer[0])
        for top, scores, _ in scored_rows(waiting, network, plan):
            own[:, top : top + scores.shape[1]] = scores
    all_seen = torch.from_numpy(~_covered(plan, ~plan.chosen) & _covered(plan, plan.chosen))
    seen = torch.from_numpy(_covered(plan, plan.chosen))
    far = (own - peer[0]).abs().amax(0)[all_seen].max().item()
    facts = {"far": far, "same": _share(own, peer[0], seen), "windows": float(plan.chosen.size)}
    facts |= {"asked": float(plan.chosen.sum()), "all_seen": all_seen.float().mean().item()}
    mpp2 = waiting.mpp**2 / 1e6
    mask = np.ones(1) if tissue is None else tissue.mask
    facts["mm2"] = size[0] * size[1] * mpp2 * float(mask.mean())
    if far > TOLERANCE:
        raise SystemExit(f"scores differ by {far:.2g}, more than {TOLERANCE:g}")
    return facts


def _covered(plan: WindowPlan, windows: np.ndarray) -> np.ndarray:
    covered = np.zeros(plan.size[::-1], bool)
    for row, col in zip(*np.nonzero(windows), strict=True):
        top, left = plan.rows[row] - plan.before[1], plan.cols[col] - plan.before[0]
        covered[max(0, top) : top + plan.roi_px, max(0, left) : left + plan.roi_px] = True
    return covered


def _share(one: Tensor, other: Tensor, where: Tensor) -> float:
    return (one.argmax(0) == other.argmax(0))[where].float().mean().item()


def _measured(name: str, case: Case) -> dict[str, float]:
    command = [sys.executable, __file__, "side", name, json.dumps(asdict(case))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return json.loads(done.stdout.strip().splitlines()[-1])


def _restarted_peak_mib() -> float:
    """What the process holds now; its peak counts from here (Linux only)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _peak_mib()


def _peak_mib() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return float(next(line for line in status if line.startswith("VmHWM")).split()[1]) / _KIB


def _print_table(
    case: Case, facts: dict[str, float], runs: dict[str, list[dict[str, float]]]
) -> None:
    mm2, what = facts["mm2"], "slide" if case.find_tissue == "all" else "tissue"
    print(
        f"\n{Path(case.path).name}, {case.target_mpp:g} um a px, {mm2:.2f} mm2 of {what}, windows "
        f"of {case.roi_px} px, overlap {case.overlap:g}: {facts['asked']:.0f} of "
        f"{facts['windows']:.0f} looked at; {case.threads} threads, torch {torch.__version__}\n"
    )
    print(f"| a mm2 of {what} | ours | monai | monai / ours | monai, memory kept | / ours |")
    print("| --- | --- | --- | --- | --- | --- |")
    for key in _MEASURED:
        ours, *peers = ([max(run[key], 1e-9) / mm2 for run in runs[name]] for name in _SIDES)
        cells = [f"{statistics.median(ours):.1f}"]
        for peer in peers:
            ratios = sorted(other / own for own, other in zip(ours, peer, strict=True))
            cells.append(f"{statistics.median(peer):.1f}")
            cells.append(f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")
        print(f"| {key} | {' | '.join(cells)} |")
    print(
        f"\nscores differ by at most {facts['far']:.1e} on the {facts['all_seen']:.0%} of pixels "
        f"where no window was left out; classes agree on {facts['same']:.2%} of what ours looked at"
    )


if __name__ == "__main__":
    fire.Fire({"slide": slide, "side": side, "steps": steps})
