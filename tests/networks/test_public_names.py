"""Short names in a config must mean one thing."""

import inspect

import pytest
from monai.bundle.config_item import ComponentLocator

from monai_ext import data, engines, losses, metrics, networks, ops, outputs, transforms, wsi
from monai_ext.networks import blocks, encoders, nets

ROOMS = [ops, networks, blocks, encoders, nets, losses, metrics, wsi, data, transforms, engines]
ROOMS += [outputs]


@pytest.fixture(scope="module")
def locator() -> ComponentLocator:
    return ComponentLocator()


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
def test_every_public_name_resolves_to_one_module_of_ours(locator, room):
    public = {name: getattr(room, name) for name in room.__all__}
    named = [
        n for n, value in public.items() if inspect.isclass(value) or inspect.isfunction(value)
    ]
    assert len(named) > 2
    for name in named:
        assert locator.get_component_module_name(name) == getattr(room, name).__module__
