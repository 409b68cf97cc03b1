"""All MIL bundles are trained by one recipe and answer to the same ids."""

import json

import pytest

from tests.bundles.test_contract import BUNDLES, name

MIL = [b for b in BUNDLES if b.name.endswith("_classification")]
REFERENCE = next(b for b in MIL if b.name == "pathology_m2otca_classification")
OWN = {
    "train.json": {
        "_desc_",
        "imports",
        "levels_read",
        "network_def",
        "preprocessing",
        "train_inferer",
        "train_loss",
        "trained",
        "objective_parts",
        "fingerprint",
        "prepare",
        "run_files",
        "learning_rate",
        "weight_decay",
        "epochs",
        "patience",
        "batch_size",
        "accumulation_steps",
    },
    "inference.json": {
        "_desc_",
        "algorithm",
        "imports",
        "in_channels",
        "levels",
        "mpps",
        "network_def",
        "preprocessing",
        "source",
    },
    "evaluate.json": {"_desc_"},
    "multi_gpu_train.json": {"_desc_"},
}
"""Ids whose value may differ; a method may also have ids that the reference lacks."""
METHOD = {
    "train.json": ("hidden_dim", "branch_loss_weight"),
    "inference.json": ("hidden_dim", "n_iters"),
}
"""First and last of the reference's own ids, which another method need not have."""


def read(bundle, config):
    return json.loads((bundle / "configs" / config).read_text(encoding="utf-8"))


def shared_ids(config):
    ids = list(read(REFERENCE, config))
    own = set(OWN[config])
    if config in METHOD:
        first, last = (ids.index(key) for key in METHOD[config])
        own |= set(ids[first : last + 1])
    return [key for key in ids if key not in own]


@pytest.mark.parametrize("config", sorted(OWN))
@pytest.mark.parametrize("bundle", MIL, ids=name)
def test_shared_ids_have_the_same_value_in_all_mil_bundles(bundle, config):
    ours, reference = read(bundle, config), read(REFERENCE, config)
    shared = shared_ids(config)
    assert len(shared) >= 8
    assert {key: ours.get(key) for key in shared} == {key: reference[key] for key in shared}


@pytest.mark.parametrize("bundle", MIL, ids=name)
def test_shared_ids_come_in_the_same_order(bundle):
    shared = set(shared_ids("train.json"))
    order = [[key for key in read(b, "train.json") if key in shared] for b in (bundle, REFERENCE)]
    assert order[0] == order[1]


@pytest.mark.parametrize("bundle", MIL, ids=name)
def test_ids_of_a_methods_own_exist_in_every_bundle(bundle):
    assert OWN["train.json"] - set(read(bundle, "train.json")) == set()


@pytest.mark.parametrize("bundle", MIL, ids=name)
def test_cards_have_the_same_headings(bundle):
    cards = [(b / "docs/README.md").read_text(encoding="utf-8") for b in (bundle, REFERENCE)]
    headings = [[line for line in card.splitlines() if line.startswith("## ")] for card in cards]
    assert headings[0] == headings[1]
