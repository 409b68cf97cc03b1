"""Every name in the lists exists, and none of them hands out a module."""

import pydoc
from types import ModuleType

import pytest
import torch

from monai_ext.trust.names import ATTRIBUTES, BUILTINS, DOTTED, IMPORTED, WRITING


@pytest.mark.parametrize("name", sorted(IMPORTED | DOTTED))
def test_names_exist_and_are_no_modules(name):
    found = pydoc.locate(name)
    assert found is not None or name == "torch.float32"
    assert not isinstance(found, ModuleType)


def test_functions_that_write_say_which_argument_is_the_place():
    import inspect

    from monai_ext import engines

    places = {
        name: list(inspect.signature(getattr(engines, name)).parameters).index("output_dir")
        for name in sorted(name.rsplit(".", 1)[1] for name in IMPORTED)
        if hasattr(engines, name)
        and "output_dir" in inspect.signature(getattr(engines, name)).parameters
    }
    assert places == WRITING


def test_nothing_private_and_nothing_that_runs_text():
    assert not [name for name in ATTRIBUTES | BUILTINS if name.startswith("_")]
    assert not BUILTINS & {"eval", "exec", "open", "compile", "getattr", "setattr", "vars", "type"}
    assert not ATTRIBUTES & {"format", "apply", "load", "save", "write", "write_text", "system"}
    assert not ATTRIBUTES & set(dir(torch.hub))
