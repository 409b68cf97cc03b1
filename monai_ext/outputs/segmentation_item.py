"""The images of an evaluator's batch with their logits, one by one, at the size that is scored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from ignite.engine import Engine
from monai.data.utils import decollate_batch
from torch.nn import functional

from monai_ext.data.file_name import is_file_name
from monai_ext.data.mask_image import read_mask
from monai_ext.errors import CohortError
from monai_ext.ops.bag_layout import plain_tensor


@dataclass(frozen=True, eq=False)
class SegmentationItem:
    """One segmented image.

    Attributes:
        slide: its name, also of its files.
        patient: empty if unknown.
        image: the network's input, [3, H, W].
        logits: [C, H, W].
        label: class ids, [H, W].
        mpp: um a pixel of ``full_label`` where there is one, else of ``label``; ``None``: unknown.
        full_label: class ids of the original mask, [Y, X]; ``None`` without a file.
    """

    slide: str
    patient: str
    image: torch.Tensor
    logits: torch.Tensor
    label: torch.Tensor
    mpp: float | None
    full_label: torch.Tensor | None

    def truth_and_prediction(self, *, at_full_size: bool) -> tuple[torch.Tensor, torch.Tensor]:
        """Class ids at one size, both [H, W] or both [Y, X].

        At full size the logits are resized bilinearly to the original mask and then the class is
        taken. That needs an image that shows the whole of its mask: resized, not cropped.
        """
        truth = self.full_label if at_full_size and self.full_label is not None else self.label
        logits = self.logits[None].float()
        if logits.shape[2:] != truth.shape:
            size = (int(truth.shape[0]), int(truth.shape[1]))
            logits = functional.interpolate(logits, size=size, mode="bilinear")
        return truth, logits[0].argmax(dim=0)

    def um_a_pixel(self, size: tuple[int, ...]) -> float | None:
        """Um a pixel of a map of ``size`` that shows the whole image; ``None``: unknown."""
        if self.mpp is None:
            return None
        known = self.label if self.full_label is None else self.full_label
        return self.mpp * (known.shape[0] * known.shape[1] / (size[0] * size[1])) ** 0.5


def segmentation_items(
    engine: Engine, *, image_key: str = "image", label_key: str = "label"
) -> Iterator[SegmentationItem]:
    """The images of ``engine.state``, decollated or not.

    ``batch`` has the image [3, H, W], the label [1, H, W], ``slide``, and where known
    ``patient``, ``mpp`` and ``label_path`` (the original mask); ``output`` has ``pred``.

    Raises:
        CohortError: for an image without a name, or with a name that is no file name.
        SlideError: if an original mask cannot be read.
    """
    for item, output in zip(_each(engine.state.batch), _each(engine.state.output), strict=True):
        path, mpp = item.get("label_path"), item.get("mpp")
        yield SegmentationItem(
            slide=_name(item.get("slide")),
            patient=str(item.get("patient") or ""),
            image=plain_tensor(item[image_key]),
            logits=plain_tensor(output["pred"]).detach().cpu(),
            label=plain_tensor(item[label_key])[0].cpu().long(),
            mpp=None if mpp is None else float(mpp),
            full_label=torch.from_numpy(read_mask(path)).long() if path else None,
        )


def _each(state: Any) -> list[dict[str, Any]]:
    items: Any = decollate_batch(dict(state)) if isinstance(state, Mapping) else state
    return list(items)


def _name(slide: Any) -> str:
    name = str(slide or "")
    if not is_file_name(name):
        raise CohortError(
            f"an image has slide={slide!r}",
            "every image has a name that can be a file's",
            "give each item of the datalist its slide",
        )
    return name
