"""Configs are read as data, within limits."""

import json

import pytest

from monai_ext.errors import TrustError
from monai_ext.trust.config_text import DEEPEST, LONGEST, read_configs


def hidden_depth():
    """Brackets in texts, so that counting brackets finds no depth."""
    inner = {}
    for _ in range(DEEPEST):
        inner = {"a": ["]]]]", inner]}
    return inner


BOMB = "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b]\n"
REFUSED = {
    "depth.json": '{"a":' * (DEEPEST + 1) + "1" + "}" * (DEEPEST + 1),
    "deep.yaml": "{a: " * (DEEPEST + 1) + "1" + "}" * (DEEPEST + 1),
    "endless.yaml": "[" * 100_000,
    "hidden_depth.json": json.dumps(hidden_depth()),
    "own_metadata.json": '{"_meta_": {}}',
    "long.json": '{"a": "' + "x" * LONGEST + '"}',
    "twice.json": '{"a": 1, "a": 2}',
    "twice.yaml": "a: 1\na: 2\n",
    "aliases.yaml": BOMB,
    "object.yaml": "a: !!python/object/apply:os.system ['touch SENTINEL']\n",
    "tuple.yml": "a: !!python/tuple [1]\n",
    "list.json": "[1, 2]",
    "broken.json": '{"a": ',
    "broken.yaml": "a: [",
    "bytes.json": b"\xff\xfe\x00",
    "config.py": "x = 1",
    "nothing.json": "",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_plain_config_is_refused(tmp_path, name):
    content = REFUSED[name]
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(TrustError, match=f"config {name} is not read"):
        read_configs([path])


def test_a_missing_file_is_refused_too(tmp_path):
    with pytest.raises(TrustError, match="No such file"):
        read_configs([tmp_path / "none.json"])


def test_files_are_merged_as_monai_merges_them(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"x": {"y": [1, 2]}, "l": [1]}))
    (tmp_path / "b.yaml").write_text("x#y#1: 5\n+l: [2]\nz: '@x'\n")
    merged = read_configs([tmp_path / "a.json", tmp_path / "b.yaml"])
    assert merged == {"x": {"y": [1, 5]}, "l": [1, 2], "z": "@x"}
