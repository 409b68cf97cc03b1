import zipfile
from pathlib import Path

import pytest

import monai_ext
from monai_ext.errors import BundleError
from monai_ext.export import build_wheel

PROJECT = Path(monai_ext.__file__).resolve().parents[1]


def test_the_library_is_built_twice_alike_with_its_tables(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one, two = (build_wheel(PROJECT, tmp_path / name) for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    names = zipfile.ZipFile(one).namelist()
    for part in ("__init__.py", "testing/zoo/metadata_schema.json", "testing/toy_text.safetensors"):
        assert f"monai_ext/{part}" in names
    assert not [name for name in names if name.startswith(("tests", "bundles", "scripts"))]


def test_without_a_source_tree_the_way_out_is_told(tmp_path):
    with pytest.raises(BundleError, match=r"no pyproject.toml.*--vendor"):
        build_wheel(tmp_path, tmp_path)


def test_a_build_that_fails_is_told(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    with pytest.raises(BundleError, match="no wheel was built"):
        build_wheel(tmp_path, tmp_path)
