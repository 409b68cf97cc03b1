"""Code that an import would find in a bundle's folder."""

from monai_ext.trust.importable_code import importable_code


def test_modules_and_packages_are_found_and_plain_folders_are_not(tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/x.json").touch()
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/conf.py").touch()
    assert importable_code(tmp_path) == []
    (tmp_path / "fire.py").touch()
    (tmp_path / "fast.SO").touch()
    (tmp_path / "package").mkdir()
    (tmp_path / "package/__init__.py").touch()
    assert [path.name for path in importable_code(tmp_path)] == ["fast.SO", "fire.py", "package"]


def test_no_folder_has_no_code(tmp_path):
    assert importable_code(tmp_path / "none") == []
