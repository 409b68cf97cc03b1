"""What tests of segmentation training share: a toy task, a small network, and its runs."""

import json
from pathlib import Path

import torch

import monai_ext
from monai_ext.experiments.bundle_run import run_bundle

BUNDLE = Path(monai_ext.__file__).resolve().parents[1] / "bundles/pathology_mpamatch_segmentation"
SMALL = {
    "patch_encoder": "uni_v1",
    "encoder_options": {"preset": "tiny"},
    "decoder_channels": [16, 8, 8, 8, 8],
    "crop_px": 32,
    "steps": 6,
    "epoch_steps": 2,
    "batch_size": 2,
    "text_encoder": "random",
    "text_options": {"dim": 8},
    "pixels_per_image": 64,
    "tau": 0.55,
    "learning_rate": 0.003,
    "encoder_rate": 0.0003,
    "prototypes_per_class": 2,
}


def train(datalist, output, prompts, **given):
    values = SMALL | {"prompts": str(prompts), "datalist": str(datalist), "output_dir": str(output)}
    run_bundle(BUNDLE, ["train.json"], workflow_type="train", **(values | given))
    return output


def weights(run):
    return torch.load(run / "model.pt", weights_only=True)


def assert_same(one, two):
    first, second = weights(one), weights(two)
    assert first.keys() == second.keys()
    assert [name for name in first if not torch.equal(first[name], second[name])] == []
    assert (one / "metrics.csv").read_text() == (two / "metrics.csv").read_text()


def edited(toy, change):
    content = json.loads(toy.read_text())
    change(content)
    toy.write_text(json.dumps(content))
    return toy


def score(datalist, run, **given):
    where = {"datalist": str(datalist), "output_dir": str(run)}
    run_bundle(BUNDLE, ["train.json", "evaluate.json"], workflow_type="train", **where, **given)
