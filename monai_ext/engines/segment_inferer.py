"""A network that labels pixels, shown a whole slide window by window."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any

import numpy as np
import torch
from monai.data.utils import compute_importance_map
from monai.inferers import Inferer
from monai.inferers.utils import sliding_window_inference
from torch import nn
from tqdm import tqdm

from monai_ext.data.label_map import LabelMap, NotSegmented
from monai_ext.data.label_runs import LabelRuns, joined_runs, label_runs
from monai_ext.engines.extraction_prefetch import prefetched
from monai_ext.engines.extraction_stream import SLIDE_FAULTS, reason_of
from monai_ext.engines.segment_blend import Band, WindowScores, blended_bands
from monai_ext.engines.segment_pixels import WindowBatch, reading_grid, window_batches
from monai_ext.engines.segment_settings import SegmentationSettings
from monai_ext.engines.segment_source import SlideToSegment
from monai_ext.engines.segment_windows import WindowPlan, plan_windows
from monai_ext.errors import SettingError, SlideError
from monai_ext.networks.nets.symmetry_average import SymmetryAverage


class SlideWindowInferer(Inferer):
    """Sliding window over slides whose pixels never are in memory as a whole.

    Windows lie as those of MONAI's ``SlidingWindowInferer`` and are blended as there; those without
    tissue are left out and their pixels are class 0. Finished rows go into a label map of a byte a
    pixel; scores are held for one row of windows.

    Args:
        settings: how a network is shown a slide.
        device: where windows go and sums are held; ``None``: where the network is.
        is_done: says of a slide that its results are there, so that it is passed over.
    """

    def __init__(
        self,
        settings: SegmentationSettings,
        device: torch.device | str | None = None,
        is_done: Callable[[SlideToSegment], bool] | None = None,
    ) -> None:
        super().__init__()
        self.settings, self.device, self.is_done = settings, device, is_done

    def __call__(
        self, inputs: SlideToSegment | torch.Tensor, network: nn.Module, *args: Any, **kwargs: Any
    ) -> LabelMap | NotSegmented | torch.Tensor:
        """Segment one slide.

        Args:
            inputs: the slide; or images ``[B, 3, H, W]``, which MONAI's sliding window serves.
            network: images float ``[B, 3, H, W]`` in 0..255 to logits ``[B, C, H, W]``.
            *args: handed to the network with images only.
            **kwargs: likewise.

        Returns:
            The label map; why there is none, so that one bad slide does not end the others; or
            logits of images.
        """
        if isinstance(inputs, torch.Tensor):
            return self._image(inputs, network, *args, **kwargs)
        try:
            if self.is_done is not None and self.is_done(inputs):
                return NotSegmented(inputs.slide)
            return segment_slide(inputs, network, self.device)
        except SLIDE_FAULTS as error:
            return NotSegmented(inputs.slide, reason_of(error))

    def _image(self, inputs: torch.Tensor, network: nn.Module, *args: Any, **kwargs: Any) -> Any:
        chosen = self.settings
        given = {"mode": chosen.blend_mode, "sigma_scale": chosen.sigma_scale, "cval": chosen.fill}
        looked = SymmetryAverage(network, chosen.symmetries)
        parts = (inputs, chosen.roi_px, chosen.batch_size, looked, chosen.overlap)
        return sliding_window_inference(*parts, *args, **given, **kwargs)


def segment_slide(
    slide: SlideToSegment, network: nn.Module, device: torch.device | str | None = None
) -> LabelMap:
    """Label every pixel of a slide.

    Args:
        slide: what is read; it stays open.
        network: in the mode in which it is to be used.
        device: ``None``: where the network is.

    Returns:
        The label map, from the corner of the slide's bounds on.

    Raises:
        SlideError: if the slide cannot be read, has no mpp, or the network gives no number.
        SettingError: if the network has one class only.
    """
    started = time.perf_counter()
    settings, info, mpp = slide.settings, slide.reader.info, slide.mpp
    grid = reading_grid(settings.spec, mpp, (info.width, info.height))
    scale = grid.step_px / settings.read_px
    width, height = (max(1, int(np.ceil(edge / scale - 1e-9))) for edge in grid.slide_size)
    tissue = slide.tissue()
    plan = plan_windows((width, height), settings.roi_px, settings.overlap, tissue, scale)
    labels, runs, seen = _labelled(slide, network, plan, device)
    return LabelMap(
        slide=slide.slide,
        labels=labels,
        runs=runs,
        seen=seen,
        scale=scale,
        mpp=scale * mpp,
        size=grid.slide_size,
        origin=slide.origin,
        slide_hash=info.slide_hash,
        reader=slide.reader.backend,
        seconds=time.perf_counter() - started,
    )


def _labelled(
    slide: SlideToSegment,
    network: nn.Module,
    plan: WindowPlan,
    device: torch.device | str | None,
) -> tuple[np.ndarray, LabelRuns, np.ndarray]:
    """Label map, its runs, and how many pixels of each class the network was asked about."""
    width, height = plan.size
    labels, runs, seen = np.zeros((height, width), np.uint8), [], np.zeros(0, np.int64)
    with torch.inference_mode():
        for top, found, probability, counts in labelled_rows(slide, network, plan, device):
            labels[top : top + len(found)] = found
            runs.append(label_runs(found, probability, top))
            seen = seen + counts if len(seen) else counts
    return labels, joined_runs(runs), seen


def labelled_rows(
    slide: SlideToSegment,
    network: nn.Module,
    plan: WindowPlan,
    device: torch.device | str | None = None,
) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
    """Finished rows as classes.

    Yields:
        First row, classes uint8 ``[h, W]``, their probability float32 ``[h, W]``, and int64
        ``[C]``: pixels of each class where the network was asked; elsewhere the class is 0.
    """
    for band in scored_rows(slide, network, plan, device):
        scores = band.scores
        if len(scores) < 2:
            raise SettingError(
                "a network with one channel",
                "a class is the largest of several",
                "use num_classes=2",
            )
        if not bool(torch.isfinite(scores).all()):
            raise SlideError(
                f"slide {slide.slide}: the network gave NaN or infinity",
                "scores are numbers",
                "run it without --amp, or check the checkpoint",
            )
        is_sum = slide.settings.blended == "logits"
        probability, label = (scores.softmax(0) if is_sum else scores).max(0)
        counts = torch.bincount(label[band.is_seen], minlength=len(scores))
        label = torch.where(band.is_seen, label, 0).to(torch.uint8)
        yield band.top, label.cpu().numpy(), probability.cpu().numpy(), counts.cpu().numpy()


def scored_rows(
    slide: SlideToSegment,
    network: nn.Module,
    plan: WindowPlan,
    device: torch.device | str | None = None,
) -> Iterator[Band]:
    """Finished rows as blended scores, without padding; see :func:`blended_bands`."""
    settings = slide.settings
    place = _device_of(network) if device is None else torch.device(device)
    importance = compute_importance_map(
        (settings.roi_px, settings.roi_px),
        mode=settings.blend_mode,
        sigma_scale=settings.sigma_scale,
        device=place,
        dtype=torch.float32,
    )
    grid = reading_grid(
        settings.spec, slide.mpp, (slide.reader.info.width, slide.reader.info.height)
    )
    parts = (slide.reader, grid, plan, settings.batch_size, settings.fill)
    source = window_batches(*parts, threads=settings.threads)
    (left, above), (width, height) = plan.before, plan.size
    looked = SymmetryAverage(network, settings.symmetries)
    with contextlib.closing(_scored(source, looked, slide, plan, place)) as windows:
        for top, scores, is_seen in blended_bands(windows, plan, importance):
            rows = slice(max(0, above - top), max(0, above + height - top))
            part, mask = (x[..., rows, left : left + width] for x in (scores, is_seen))
            yield Band(max(0, top - above), part, mask)


def _scored(
    source: Generator[WindowBatch, None, None],
    network: nn.Module,
    slide: SlideToSegment,
    plan: WindowPlan,
    device: torch.device,
) -> Generator[WindowScores, None, None]:
    settings, total = slide.settings, int(plan.chosen.sum())
    with (
        contextlib.closing(prefetched(source, settings.prefetch)) as ahead,
        tqdm(total=total, desc=slide.slide, unit="window", disable=None, leave=False) as bar,
    ):
        for row, lefts, pixels in ahead:
            images = torch.from_numpy(pixels).to(device, non_blocking=True)
            scores = network(images.permute(0, 3, 1, 2).float())  # rows of RGB: channels last
            if settings.blended == "probabilities":
                scores = scores.float().softmax(1)
            yield WindowScores(row, lefts, scores.float())
            bar.update(len(lefts))


def _device_of(network: nn.Module) -> torch.device:
    parts = getattr(network, "parameters", list)()
    return next((part.device for part in parts), torch.device("cpu"))
