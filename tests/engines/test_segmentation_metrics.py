"""Image means, as a number that the trainer can compare."""

import pytest
import torch
from ignite.engine import Engine

from monai_ext.engines.segmentation_metrics import dice_metric, iou_metric


def item(predicted, label):
    logits = torch.nn.functional.one_hot(torch.tensor(predicted), 3).movedim(-1, 0).float()
    return {"pred": logits, "label": torch.tensor(label)[None]}


def test_the_mean_is_over_images_and_classes_that_are_there():
    one = item([[0, 0, 1, 1]], [[0, 1, 1, 1]])  # Dice 2/3 and 4/5, IoU 1/2 and 2/3; class 2 absent
    two = item([[2, 2, 0, 0]], [[2, 2, 255, 255]])  # 1; 0 is predicted where nothing counts
    for metric, first in (
        (dice_metric(3), (2 / 3 + 4 / 5) / 2),
        (iou_metric(3), (1 / 2 + 2 / 3) / 2),
    ):
        engine = Engine(lambda _engine, batch: batch)
        metric.attach(engine, "score")
        engine.run([[one, two], [one]])
        found = engine.state.metrics["score"]
        assert isinstance(found, float)
        assert found == pytest.approx((2 * first + 1) / 3)
