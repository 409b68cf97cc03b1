"""Both files say what the report says, after the scores are written."""

import json
import math
import re

import pytest
import torch
from ignite.engine import Engine

from monai_ext.experiments.segmentation_report import segmentation_report
from monai_ext.experiments.segmentation_summary import SegmentationSummary
from monai_ext.outputs.segmentation_scores import SegmentationScores


@pytest.fixture
def folder(tmp_path, rng):
    """Four images, of which one has no gland, so that its distance is infinite."""
    items = []
    for n, patient in enumerate("pqrs"):
        label = torch.zeros(1, 1, 8, 8, dtype=torch.uint8)
        label[..., : 2 * n, :4] = 1
        image = torch.rand(1, 3, 8, 8, generator=rng)
        facts = {"slide": [f"s{n}"], "patient": [patient], "label": label, "image": image}
        items.append(facts | {"pred": torch.randn(1, 2, 8, 8, generator=rng)})

    def step(engine, item):
        return {"pred": item["pred"]}

    evaluator = Engine(step)
    scores = SegmentationScores(tmp_path, ["ground", "gland"], pictures=False)
    for handler in (scores, SegmentationSummary(tmp_path, seed=4, resamples=50, confidence=0.9)):
        handler.attach(evaluator)
    evaluator.run(items)
    return tmp_path


def test_json_holds_the_numbers_of_the_report(folder):
    found = json.loads((folder / "summary.json").read_text())
    report = segmentation_report(folder / "scores.csv", seed=4, resamples=50, confidence=0.9)
    assert (found["images"], found["patients"], found["seed"]) == (4, 4, 4)
    other = segmentation_report(folder / "scores.csv", seed=0, resamples=50, confidence=0.9)
    assert report.means["mdice"] != other.means["mdice"]
    for part, lines in (("mean_over_images", report.means), ("pooled", report.pooled)):
        assert list(found[part]) == list(lines)
        for name, line in lines.items():
            value = line.value
            expected = {"value": value.estimate, "low": value.low, "high": value.high}
            expected |= {"confidence": 0.9, "resamples": value.resamples, "images": line.images}
            plain = {key: None if math.isnan(n) else n for key, n in expected.items()}
            assert found[part][name] == plain


def test_json_has_null_for_what_is_undefined(folder):
    line = json.loads((folder / "summary.json").read_text())["mean_over_images"]
    assert line["object_hausdorff_px"]["images"] == 3
    text = (folder / "scores.csv").read_text()
    (folder / "scores.csv").write_text(re.sub(r",[qrs],", ",p,", text))
    SegmentationSummary(folder)()
    line = json.loads((folder / "summary.json").read_text())["pooled"]["mdice"]
    assert (line["low"], line["high"], line["resamples"]) == (None, None, 0)


def test_text_has_a_row_a_score(folder):
    report = segmentation_report(folder / "scores.csv", seed=4, resamples=50, confidence=0.9)
    text = (folder / "summary.md").read_text()
    means, pooled = text.split("## Pooled over images")
    assert "4 images of 4 patients. Brackets: 90% percentile interval" in text
    mdice, iou = report.means["mdice"].value, report.pooled["iou_gland"].value
    assert f"| mdice | {mdice.estimate:.3f} [{mdice.low:.3f}, {mdice.high:.3f}] | 4 |" in means
    assert f"| iou_gland | {iou.estimate:.3f} [{iou.low:.3f}, {iou.high:.3f}] | 4 |" in pooled
    assert means.count("\n| ") == len(report.means) + 2
    assert pooled.count("\n| ") == len(report.pooled) + 2


def test_text_says_what_has_no_value_or_no_interval(folder):
    rows = (folder / "scores.csv").read_text().splitlines()
    (folder / "scores.csv").write_text("\n".join(rows[:2]) + "\n")
    SegmentationSummary(folder)()
    text = (folder / "summary.md").read_text()
    estimate = segmentation_report(folder / "scores.csv", seed=0).means["mdice"].value.estimate
    assert f"| mdice | {estimate:.3f} | 1 |" in text
    assert "| object_hausdorff_px | n/a | 0 |" in text
