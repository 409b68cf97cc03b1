"""Against a package written here, and against what Python really loads."""

import subprocess
import sys
from pathlib import Path

import pytest

import monai_ext
from monai_ext.experiments.bundle_run import find_bundle
from monai_ext.export import used_files

FILES = {
    "__init__.py": "",
    "a/__init__.py": "from lib.a.one import f\n",
    "a/one.py": "def f():\n    from lib.b import two\n    return two\n",
    "a/unused.py": "import lib.c\n",
    "a/table.json": "{}",
    "b/__init__.py": "",
    "b/two.py": "import os\nimport lib.d.three as t\n",
    "c/__init__.py": "",
    "d/__init__.py": "",
    "d/three.py": "from library import x\n",
    "e/__init__.py": "",
    "e/far.py": "",
}


@pytest.fixture
def package(tmp_path):
    for name, text in FILES.items():
        (tmp_path / "lib" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "lib" / name).write_text(text)
    return tmp_path / "lib"


def used(text, package):
    config = package.parent / "config.json"
    config.write_text(text)
    return [path.relative_to(package).as_posix() for path in used_files([config], package)]


def test_imports_are_followed_wherever_they_stand(package):
    found = used('{"x": {"_target_": "lib.a.f"}}', package)
    assert found == [
        "__init__.py",
        "a/__init__.py",
        "a/one.py",
        "a/table.json",
        "b/__init__.py",
        "b/two.py",
        "d/__init__.py",
        "d/three.py",
    ]


def test_imports_and_expressions_of_configs_count(package):
    assert "c/__init__.py" in used('{"imports": ["$from lib.a.unused import g"]}', package)
    assert "e/far.py" in used('{"x": "$lib.e.far.g(@y)"}', package)
    assert used('{"x": "$library.e.far.g(@y)"}', package) == []


LOADED = """
import json, sys
from monai.bundle import ConfigParser
parser = ConfigParser()
parser.read_config(sys.argv[1])
parser.parse()
for target in json.loads(sys.argv[2]):
    module, _, name = target.rpartition(".")
    getattr(__import__(module, fromlist=[name]), name)
print("\\n".join(m.__file__ for n, m in sys.modules.items() if n.split(".")[0] == "monai_ext"))
"""


def test_what_python_loads_for_a_config_is_among_it():
    package = Path(monai_ext.__file__).parent
    config = find_bundle("pathology_mpamatch_segmentation") / "configs/train.json"
    found = {str(path) for path in used_files([config], package)}
    targets = '["monai_ext.engines.SemiSupervised", "monai_ext.networks.TransUNi"]'
    command = [sys.executable, "-c", LOADED, str(config), targets]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    loaded = {line for line in ended.stdout.splitlines() if line.startswith(str(package))}
    assert len(loaded) > 100
    assert loaded - found == set()
    assert str(package / "cli.py") not in found
    assert not any("/testing/" in path for path in found)
