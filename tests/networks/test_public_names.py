"""Short names in a config must mean one thing."""

import inspect

import pytest
from monai.bundle.config_item import ComponentLocator

from monai_ext import networks, ops
from monai_ext.networks import blocks, nets


@pytest.fixture(scope="module")
def locator() -> ComponentLocator:
    return ComponentLocator()


@pytest.mark.parametrize("room", [ops, networks, blocks, nets], ids=lambda room: room.__name__)
def test_every_public_name_resolves_to_one_module_of_ours(locator, room):
    public = {name: getattr(room, name) for name in room.__all__}
    named = [
        n for n, value in public.items() if inspect.isclass(value) or inspect.isfunction(value)
    ]
    assert len(named) > 2
    for name in named:
        assert locator.get_component_module_name(name) == getattr(room, name).__module__
