"""The list of targets: what our bundles build, and which arguments are places."""

import inspect
import json
import pydoc
from pathlib import Path

import pytest
from monai.bundle import ComponentLocator

from monai_ext.trust.targets import CALLABLE, TARGETS, WRITTEN

SHELF = Path(__file__).resolve().parents[2] / "bundles"
OURS = sorted(name for name in TARGETS if name.startswith("monai_ext."))
READ = {"ckpt_path", "dataset_dir", "datalist", "text", "paraphrased", "tissue_dir", "slides_dir"}
READ |= {"folder", "cohort", "without", "prompts", "text_checkpoint", "files", "run", "bundle_root"}
READ |= {"mpp"}


def targets_of(value):
    if isinstance(value, dict):
        if "_target_" in value:
            yield value["_target_"]
        for inner in value.values():
            yield from targets_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from targets_of(inner)


def test_ours_are_those_that_our_bundles_build():
    used = {
        target
        for path in SHELF.glob("*/configs/*.json")
        for target in targets_of(json.loads(path.read_text()))
    }
    assert used <= TARGETS
    assert set(OURS) <= used


@pytest.mark.parametrize("name", OURS)
def test_every_path_of_ours_is_known_as_read_or_written(name):
    parameters = inspect.signature(pydoc.locate(name)).parameters.values()
    paths = {
        one.name
        for one in parameters
        if "Path" in str(one.annotation) or one.name.endswith(("_dir", "_path", "folder"))
    }
    assert paths <= WRITTEN | READ


@pytest.mark.parametrize("name", sorted(CALLABLE))
def test_what_may_be_handed_on_writes_nothing(name):
    assert name in TARGETS
    assert not WRITTEN & set(inspect.signature(pydoc.locate(name)).parameters)


def test_short_names_mean_one_thing_each_and_ours_are_ours():
    import monai_ext.engines
    import monai_ext.experiments  # noqa: F401  names are found once their room is imported

    locator, full = ComponentLocator(), {name.rsplit(".", 1)[1]: name for name in OURS}
    for name in sorted(name for name in TARGETS if "." not in name):
        module = locator.get_component_module_name(name)
        assert isinstance(module, str), name
        assert module.startswith("monai_ext.") == (name in full), name
        if name in full:
            assert pydoc.locate(f"{module}.{name}") is pydoc.locate(full[name])
