"""What can be chosen by name, and how another package adds to it."""

import sys

import pytest

from monai_ext.networks import component_stores, load_extensions
from monai_ext.networks.encoders.registry import PATCH_ENCODERS, build_patch_encoder

MODULE = """
from monai_ext.networks.encoders.registry import PATCH_ENCODERS
from monai_ext.networks.encoders.tiny_encoder import TinyEncoder

PATCH_ENCODERS.add("throwaway", "of a throwaway package", TinyEncoder)
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package as pip installs it: a module and the metadata that names it."""
    before = dict(PATCH_ENCODERS.components)
    (tmp_path / "throwaway_parts.py").write_text(MODULE)
    info = tmp_path / "throwaway-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: throwaway\nVersion: 1.0\n")
    points = "[monai_ext.components]\nbroken = nowhere_at_all\nours = throwaway_parts\n"
    (info / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    PATCH_ENCODERS.components.clear()
    PATCH_ENCODERS.components.update(before)
    sys.modules.pop("throwaway_parts", None)


def test_a_package_adds_an_encoder_and_a_broken_one_ends_nothing(package, caplog):
    assert "throwaway" not in PATCH_ENCODERS
    assert load_extensions() == ["ours"]
    assert build_patch_encoder("throwaway", embed_dim=4).embed_dim == 4
    assert component_stores()["encoder"]["throwaway"] is PATCH_ENCODERS["tiny"]
    assert "broken (nowhere_at_all) is left out: ModuleNotFoundError" in caplog.text


def test_every_store_has_entries_that_say_what_they_are():
    for key, store in component_stores().items():
        assert len(store.names) >= 2, key
        for name in store.names:
            assert len(store.components[name].description) > 5, (key, name)
