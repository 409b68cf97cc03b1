"""The handler in MONAI's evaluator: table, class maps and overlays of every image."""

import csv
import logging

import numpy as np
import pytest
import torch
from monai.data import DataLoader, Dataset
from monai.engines import SupervisedEvaluator
from PIL import Image

from monai_ext.data.glas import GLAS_MPP, read_glas
from monai_ext.data.mask_image import read_mask
from monai_ext.errors import CohortError, SettingError
from monai_ext.metrics import class_dice, pixel_counts
from monai_ext.outputs.outline_overlay import outline_overlay
from monai_ext.outputs.rgb_picture import rgb_picture
from monai_ext.outputs.segmentation_scores import SegmentationScores
from monai_ext.testing.shared_data import shared_data_path

NAMES = ["ground", "gland"]


class Bright(torch.nn.Module):
    """Gland where the first channel is above 128."""

    def forward(self, x):
        return torch.cat([128 - x[:, :1].float(), x[:, :1].float() - 128], dim=1)


def evaluate(items, handler, network=None):
    evaluator = SupervisedEvaluator(
        device=torch.device("cpu"),
        val_data_loader=DataLoader(Dataset(items), batch_size=1),
        network=network or Bright(),
        val_handlers=[handler],
    )
    evaluator.run()


def table(folder):
    with (folder / "scores.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def items(rng):
    def item(slide, patient):
        image = torch.randint(0, 256, (3, 8, 8), generator=rng, dtype=torch.uint8)
        label = torch.randint(0, 2, (1, 8, 8), generator=rng, dtype=torch.uint8)
        return {"image": image, "label": label, "slide": slide, "patient": patient, "mpp": 0.5}

    return [item("b", "q"), item("a", "p")]


def test_table_has_a_row_an_image_in_order_of_names(tmp_path, items):
    evaluate(items, SegmentationScores(tmp_path, NAMES))
    rows = table(tmp_path)
    assert [(row["slide"], row["patient"]) for row in rows] == [("a", "p"), ("b", "q")]
    for row, item in zip(rows, items[::-1], strict=True):
        found = (item["image"][0] > 128).long()
        dice = class_dice(pixel_counts(found, item["label"][0].long(), 2))
        assert [float(row[f"dice_{name}"]) for name in NAMES] == pytest.approx(dice.tolist())
        assert float(row["object_hausdorff_um"]) == float(row["object_hausdorff_px"]) / 2


def test_pictures_are_the_prediction_and_both_outlines(tmp_path, items):
    items[0]["label"][0, :3] = 255
    evaluate(items, SegmentationScores(tmp_path, NAMES, provenance="p1"))
    found = (items[0]["image"][0] > 128).long().numpy()
    np.testing.assert_array_equal(read_mask(tmp_path / "predictions" / "b.png"), found)
    truth = items[0]["label"][0].numpy().copy()
    truth[:3] = 0
    expected = outline_overlay(rgb_picture(items[0]["image"]), truth, found)
    for folder in ("overlays", "predictions"):
        assert Image.open(tmp_path / folder / "b.png").text == {"provenance": "p1"}
    np.testing.assert_array_equal(Image.open(tmp_path / "overlays" / "b.png"), expected)


def test_scores_are_at_the_size_of_the_original_mask_or_of_the_label(tmp_path, items):
    mask = np.kron(items[0]["label"][0].numpy(), np.ones((3, 2), np.uint8))
    Image.fromarray(mask).save(tmp_path / "mask.png")
    items = [items[0] | {"label_path": str(tmp_path / "mask.png")}]
    evaluate(items, SegmentationScores(tmp_path / "full", NAMES))
    evaluate(items, SegmentationScores(tmp_path / "small", NAMES, at_full_size="false"))
    for folder, size in (("full", (24, 16)), ("small", (8, 8))):
        row = table(tmp_path / folder)[0]
        assert sum(int(row[f"{n}_gland"]) for n in ("tp", "fp", "tn", "fn")) == size[0] * size[1]
        assert read_mask(tmp_path / folder / "predictions" / "b.png").shape == size


def test_a_second_run_begins_anew_and_pictures_can_be_left_out(tmp_path, items):
    handler = SegmentationScores(tmp_path, NAMES, pictures="no")
    evaluate(items, handler)
    evaluate(items[:1], handler)
    assert [row["slide"] for row in table(tmp_path)] == ["b"]
    assert [path.name for path in tmp_path.iterdir()] == ["scores.csv"]


def test_settings_reach_the_scores(tmp_path, items):
    items[0]["label"][0, 0, 0] = 9
    handler = SegmentationScores(
        tmp_path, NAMES, object_class=0, min_object_px=65, ignore_index=9, pictures=False
    )
    evaluate(items[:1], handler)
    row = table(tmp_path)[0]
    assert sum(int(row[f"{n}_gland"]) for n in ("tp", "fp", "tn", "fn")) == 63
    assert [row[f"object_{kind}"] for kind in ("tp", "fp", "fn")] == ["0", "0", "0"]


def test_objects_may_be_of_another_class(tmp_path, items):
    label = torch.zeros(1, 8, 8, dtype=torch.uint8)
    dark = items[0] | {"image": torch.zeros(3, 8, 8, dtype=torch.uint8), "label": label}
    evaluate([dark], SegmentationScores(tmp_path, NAMES, object_class=0))
    assert table(tmp_path)[0]["object_tp"] == "1"


def test_class_that_no_mask_has_is_said(tmp_path, items, caplog):
    for item in items:
        item["label"][:] = 0
    with caplog.at_level(logging.WARNING):
        evaluate(items, SegmentationScores(tmp_path, NAMES, pictures=False))
    said = [r.getMessage() for r in caplog.records if r.name.startswith("monai_ext")]
    assert said == ["no image has a true pixel of class gland: check the masks"]


def test_image_that_comes_twice_is_refused(tmp_path, items):
    with pytest.raises(CohortError, match="image b comes twice"):
        evaluate([items[0], items[0]], SegmentationScores(tmp_path, NAMES))


def test_another_number_of_classes_is_refused(tmp_path, items):
    with pytest.raises(SettingError, match=r"shape \(2, 8, 8\)\. Rule: .* \[3, H, W\]"):
        evaluate(items, SegmentationScores(tmp_path, [*NAMES, "tumour"]))


def test_glas_masks_at_half_size_are_nearly_perfect_at_full_size(tmp_path, request):
    """Of images whose glands stand apart; with half of an image left out they are far from it."""
    images = read_glas(shared_data_path("glas", root=request.config.rootpath))[1:3]
    good, half = [glas_item(image) for image in images], [glas_item(image) for image in images]
    for item in half:
        item["image"][:, :, : item["image"].shape[2] // 2] = 0
    evaluate(good, SegmentationScores(tmp_path / "good", NAMES, min_object_px=50))
    evaluate(half, SegmentationScores(tmp_path / "half", NAMES, min_object_px=50))
    rows = zip(images, table(tmp_path / "good"), table(tmp_path / "half"), strict=True)
    for image, better, worse in rows:
        found = read_mask(tmp_path / "good" / "predictions" / f"{image.name}.png")
        assert found.shape == image.read_mask().shape
        assert float(better["mdice"]) > 0.99 > float(worse["mdice"])
        assert float(better["object_dice"]) > 0.99 > float(worse["object_dice"])
        assert float(better["object_hausdorff_um"]) < 1 < float(worse["object_hausdorff_um"])


def glas_item(image):
    """The truth of every other pixel is what the network sees."""
    label = torch.from_numpy(image.read_mask()[::2, ::2].astype(np.uint8))[None]
    facts = {"slide": image.name, "patient": image.patient, "mpp": GLAS_MPP}
    return facts | {
        "image": 255 * label.repeat(3, 1, 1),
        "label": label,
        "label_path": str(image.mask),
    }
