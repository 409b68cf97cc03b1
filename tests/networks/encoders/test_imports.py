"""Importing the room loads no model library: that would cost every command seconds."""

import ast
from pathlib import Path

import pytest

import monai_ext.networks.encoders as room

FILES = sorted(Path(room.__file__).parent.glob("*.py"))
HEAVY = {"timm", "open_clip", "transformers", "tokenizers", "safetensors", "torchvision"}


def top_imports(tree):
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).split(".")[0]


def test_files_are_found():
    assert len(FILES) > 10


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_model_library_is_imported_at_the_top(file):
    assert not HEAVY & set(top_imports(ast.parse(file.read_text())))
