"""Panels appear at their epochs, show what the network makes, and leave training as it was."""

import io

import numpy as np
import pytest
import torch
from ignite.engine import Engine
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from monai_ext.errors import SettingError
from monai_ext.outputs.segmentation_panel import segmentation_panel
from monai_ext.outputs.segmentation_panels import PANEL_TAG, SegmentationPanels


class Bright(torch.nn.Module):
    """Class 1 where the first channel is bright; its dropout shows whether it is in eval mode."""

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(0.1))
        self.drop, self.frozen = torch.nn.Dropout(0.99), torch.nn.BatchNorm2d(3).eval()

    def forward(self, x):
        one = self.drop((x[:, :1].float() - 100) * self.scale)
        return torch.cat([-one, one], dim=1)


@pytest.fixture
def network():
    return Bright()


@pytest.fixture
def items(rng):
    images = torch.randint(0, 256, (3, 3, 8, 8), generator=rng, dtype=torch.uint8)
    label = torch.ones(1, 8, 8, dtype=torch.uint8)
    return [{"image": images[0], "label": label}, {"image": images[1]}, {"image": images[2]}]


def pictures(folder):
    events = EventAccumulator(str(folder), size_guidance={"images": 0}).Reload()
    return events.Images(PANEL_TAG) if PANEL_TAG in events.Tags()["images"] else []


def train(handler, epochs):
    trainer = Engine(lambda engine, batch: None)
    handler.attach(trainer)
    trainer.run([0, 1], max_epochs=epochs)


def test_panels_come_every_few_epochs_with_what_the_rows_show(tmp_path, network, items):
    handler = SegmentationPanels(tmp_path, network, items, every=2, max_images=2, cell_px=16)
    train(handler, 5)
    found = pictures(tmp_path)
    assert [picture.step for picture in found] == [2, 4]
    expected = np.asarray(segmentation_panel(handler.rows(), cell_px=16))
    shown = np.asarray(Image.open(io.BytesIO(found[0].encoded_image_string)))
    np.testing.assert_array_equal(shown, expected)
    assert len(list(tmp_path.iterdir())) == 1


def test_rows_hold_class_and_confidence_of_the_softmax(tmp_path, network, items):
    first, second = SegmentationPanels(tmp_path, network, items, max_images=2).rows()
    one = (items[0]["image"][0].double().numpy() - 100) * 0.1
    p = 1 / (1 + np.exp(-2 * one))
    np.testing.assert_array_equal(first.predicted, one > 0)
    np.testing.assert_allclose(first.confidence, np.maximum(p, 1 - p), rtol=1e-5)
    np.testing.assert_array_equal(first.image, items[0]["image"].movedim(0, 2).numpy())
    assert first.truth.tolist() == items[0]["label"][0].tolist()
    assert second.truth is None
    assert first.assignment is None


def test_prototypes_are_those_of_the_callable_of_each_image(tmp_path, network, items):
    def assign(image):
        return None if image.equal(items[1]["image"]) else image[0].long() // 64

    rows = SegmentationPanels(tmp_path, network, items, assign=assign).rows()
    assert [row.assignment is None for row in rows] == [False, True, False]
    np.testing.assert_array_equal(rows[2].assignment, items[2]["image"][0].numpy() // 64)


def test_training_goes_on_as_it_was(tmp_path, network, items):
    before, state = [m.training for m in network.modules()], torch.random.get_rng_state()
    asked = []
    handler = SegmentationPanels(
        tmp_path, network, items, assign=lambda image: asked.append(torch.is_grad_enabled())
    )
    handler.rows()
    assert [m.training for m in network.modules()] == before
    assert before == [True, True, False]
    assert asked == [False] * 3
    assert torch.random.get_rng_state().equal(state)


def test_mode_is_taken_up_again_after_a_fault(tmp_path, network):
    with pytest.raises(KeyError):
        SegmentationPanels(tmp_path, network, [{}]).rows()
    assert network.drop.training


def test_without_items_nothing_is_written(tmp_path, network):
    train(SegmentationPanels(tmp_path / "log", network, [], every=1), 1)
    assert not (tmp_path / "log").exists()


def test_range_of_values_reaches_the_picture(tmp_path, network):
    item = {"image": torch.ones(3, 2, 2)}
    row = SegmentationPanels(tmp_path, network, [item], value_range=[-1, 1]).rows()[0]
    assert row.image.min() == 255


@pytest.mark.parametrize("wrong", [{"every": 0}, {"max_images": 0}])
def test_numbers_below_1_are_refused(tmp_path, network, wrong):
    with pytest.raises(SettingError, match="try every=5, max_images=4"):
        SegmentationPanels(tmp_path, network, [], **wrong)
