"""Handler of MONAI's trainers: what the network makes of a few images, for TensorBoard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ignite.engine import Engine, Events
from torch.utils.tensorboard import SummaryWriter

from monai_ext.errors import SettingError
from monai_ext.ops.bag_layout import plain_tensor
from monai_ext.outputs.rgb_picture import rgb_picture
from monai_ext.outputs.segmentation_panel import PanelRow, segmentation_panel

PANEL_TAG = "segmentation"
Assign = Callable[[torch.Tensor], torch.Tensor | None]


class SegmentationPanels:
    """Draws a panel of the same images every few epochs: how masks, trust and prototypes form.

    The network runs in eval mode without gradients, and each of its modules is left in the mode
    that it was in; nothing random is drawn by the handler.

    Args:
        log_dir: folder of TensorBoard's files.
        network: image [1, 3, H, W] to logits [1, C, H, W].
        items: dataset items, or a dataset of them, with ``image`` [3, H, W] and, where there is
            a label, ``label`` [1, H, W]; their transforms should draw nothing random.
        every: epochs from panel to panel.
        max_images: rows of a panel; the first items are taken.
        assign: image [3, H, W], on the network's device, to the number of the prototype of each
            pixel [h, w] (below 0: of none), or to ``None``.
        value_range: input values that are drawn black and white.
        cell_px: longer side of a cell.

    Raises:
        SettingError: if ``every`` or ``max_images`` is below 1.
    """

    def __init__(
        self,
        log_dir: Path | str,
        network: torch.nn.Module,
        items: Sequence[Mapping[str, Any]],
        *,
        every: int = 5,
        max_images: int = 4,
        assign: Assign | None = None,
        value_range: tuple[float, float] = (0.0, 255.0),
        cell_px: int = 224,
    ) -> None:
        if every < 1 or max_images < 1:
            raise SettingError(
                f"every={every}, max_images={max_images}",
                "a panel has an image and comes every epoch or more seldom",
                "try every=5, max_images=4",
            )
        self.log_dir, self.network, self.items = Path(str(log_dir)), network, items
        self.every, self.max_images, self.assign = every, max_images, assign
        self.value_range, self.cell_px = (value_range[0], value_range[1]), cell_px
        self._writer: SummaryWriter | None = None

    def attach(self, engine: Engine) -> None:
        """Draw after every ``every`` epochs, close the file at any end."""
        engine.add_event_handler(Events.EPOCH_COMPLETED(every=self.every), self)
        engine.add_event_handler(Events.COMPLETED | Events.TERMINATE, self.close)

    def __call__(self, engine: Engine) -> None:
        """Write a panel, at the step of the epoch; none without items."""
        rows = self.rows()
        if not rows:
            return
        panel = np.asarray(segmentation_panel(rows, cell_px=self.cell_px))
        if self._writer is None:
            self._writer = SummaryWriter(str(self.log_dir))
        self._writer.add_image(PANEL_TAG, panel, engine.state.epoch, dataformats="HWC")
        self._writer.flush()

    def rows(self) -> list[PanelRow]:
        """What the network makes of the images now."""
        count = min(self.max_images, len(self.items))
        with _looking(self.network), torch.no_grad():
            return [self._row(self.items[n]) for n in range(count)]

    def close(self) -> None:
        """Close the file; a later panel opens another."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _row(self, item: Mapping[str, Any]) -> PanelRow:
        device = next((part.device for part in self.network.parameters()), None)
        image, label = plain_tensor(item["image"]).to(device), item.get("label")
        confidence, predicted = self.network(image[None])[0].float().softmax(dim=0).max(dim=0)
        assignment = None if self.assign is None else self.assign(image)
        return PanelRow(
            image=rgb_picture(image, value_range=self.value_range),
            predicted=predicted.cpu().numpy(),
            confidence=confidence.cpu().numpy(),
            truth=None if label is None else plain_tensor(label)[0].cpu().long().numpy(),
            assignment=None if assignment is None else assignment.cpu().numpy(),
        )


@contextmanager
def _looking(network: torch.nn.Module) -> Iterator[None]:
    """Eval mode, and back to what each module was (MONAI's ``eval_mode`` wakes frozen parts)."""
    training = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, was in training:
            module.training = was
