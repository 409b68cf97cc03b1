"""What tests of segmentation training share: a toy task, a small network, and its runs."""

import json
from pathlib import Path

import torch

import monai_ext
from monai_ext.experiments.bundle_run import run_bundle
from monai_ext.testing.zoo.toy_inputs import TOY_MASKS

BUNDLE = Path(monai_ext.__file__).resolve().parents[1] / "bundles/pathology_mpamatch_segmentation"


def train(datalist, output, prompts, **given):
    values = TOY_MASKS | {
        "prompts": str(prompts),
        "datalist": str(datalist),
        "output_dir": str(output),
    }
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
