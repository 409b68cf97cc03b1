"""What every bundle of this project keeps to besides the Zoo's rules (``testing/zoo``)."""

import json
import re
import sys
from pathlib import Path

import pytest

import monai_ext

ROOT = Path(monai_ext.__file__).resolve().parents[1]
BUNDLES = sorted(path.parents[1] for path in (ROOT / "bundles").glob("*/configs/metadata.json"))
CONFIGS = sorted(
    path for bundle in BUNDLES for path in bundle.glob("configs/*.json") if path.stem != "metadata"
)
PARTIAL = {"evaluate.json", "inference_gpu.json", "multi_gpu_train.json", "uni.json"}


def name(path):
    return "/".join(path.parts[-3:] if path.suffix else path.parts[-1:])


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def leaves(value, path=""):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}#{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}#{index}")
    else:
        yield path, value


def test_there_are_bundles_and_configs():
    assert len(BUNDLES) >= 2
    assert len(CONFIGS) >= 5


@pytest.mark.parametrize("bundle", BUNDLES, ids=name)
def test_metadata_names_versions_that_the_constraints_install(bundle):
    metadata = read(bundle / "configs/metadata.json")
    pins = dict(
        re.match(r"([A-Za-z0-9._-]+)==([^ ;]+)", line).groups()
        for line in reversed((ROOT / "constraints.txt").read_text().splitlines())
    )
    named = {k: v for k, v in metadata["required_packages_version"].items() if k != "monai_ext"}
    named |= {"monai": metadata["monai_version"], "torch": metadata["pytorch_version"]}
    assert {key: pins.get(key) for key in named} == named


NEUTRAL = {
    "imports",
    "bundle_root",
    "dataset_dir",
    "fold",
    "resume",
    "initialize",
    "training",
    "prepare",
    "num_workers",
    "cache_rate",
    "panel_interval",
    "panel_images",
    "patience",
    "checkpointing",
    "checkpoint_from",
    "transmil_checkpoint_above",
    "encoder_checkpoint",
    "text_checkpoint",
    "text",
    "paraphrased_text",
}
"""Ids that a run may be resumed with other values of: places, speed, how long it trains."""


@pytest.mark.parametrize("config", [c for c in CONFIGS if c.name == "train.json"], ids=name)
def test_a_run_is_not_resumed_with_other_settings(config):
    content = read(config)
    plain = {
        key
        for key, value in content.items()
        if not key.startswith("_") and not isinstance(value, dict) and str(value)[:1] not in "$%@"
    }
    marks = content["fingerprint"]
    users = [h for h in content["train"]["handlers"] if h.get("fingerprint") == "@fingerprint"]
    assert len(users) == 1
    assert plain - NEUTRAL - marks.keys() == set()
    assert marks.pop("split") == "$@split.split_hash"
    if "levels_read" in content:
        assert marks.pop("levels") == "@levels_read"
    assert marks == {key: f"@{key}" for key in marks}


@pytest.mark.parametrize("config", CONFIGS, ids=name)
def test_expressions_are_short_and_only_join(config):
    for path, value in leaves(read(config)):
        if not (isinstance(value, str) and value.startswith("$")) or path.startswith("#imports"):
            continue
        assert len(value) <= 80, f"{path}: {len(value)} characters"
        assert not re.search(r"\blambda\b|\bimport\b|\bopen\(|__", value), path


@pytest.mark.parametrize("config", [c for c in CONFIGS if c.name not in PARTIAL], ids=name)
def test_first_errors_show_their_cause_and_freed_memory_is_kept(config):
    first = read(config)["initialize"][:2]
    names = ("show_cause_last", "keep_freed_memory")
    assert first == [{"_target_": f"monai_ext.engines.{name}"} for name in names]


@pytest.mark.parametrize(
    "bundle", [b for b in BUNDLES if (b / "configs/train.json").exists()], ids=name
)
def test_a_number_has_the_same_value_in_both_configs(bundle):
    train, infer = read(bundle / "configs/train.json"), read(bundle / "configs/inference.json")
    shared = {
        key
        for key in set(train) & set(infer)
        if isinstance(train[key], int | float | bool) and isinstance(infer[key], int | float | bool)
    }
    assert shared
    assert {key: train[key] for key in shared} == {key: infer[key] for key in shared}


@pytest.mark.parametrize("config", CONFIGS, ids=name)
def test_targets_are_not_named_after_their_module(config):
    """``pydoc.locate`` gives the module on Python 3.12 and the function on 3.11."""
    targets = [v for path, v in leaves(read(config)) if path.endswith("_target_") and "." in v]
    assert [t for t in targets if t.startswith("monai_ext") and t in sys.modules] == []


@pytest.mark.parametrize("bundle", BUNDLES, ids=name)
def test_cards_say_that_monai_checks_nothing(bundle):
    card = " ".join((bundle / "docs/README.md").read_text(encoding="utf-8").split())
    assert "`python -m monai.bundle run` builds every `_target_`" in card
    assert "checks nothing" in card
    assert "python -m monai_ext inspect" in card
