"""ONNX files: one file, named ends, what the metadata say, the network's numbers."""

import sys

import onnx
import pytest
import torch

from monai_ext.errors import SettingError
from monai_ext.export import onnx_file
from monai_ext.export.agreement import require_agreement
from monai_ext.export.input_form import InputForm, random_inputs
from monai_ext.export.onnx_file import read_onnx, write_onnx
from monai_ext.export.program import export_program

FORM = InputForm(3, (None, None))


@pytest.fixture(scope="module")
def network():
    layers = torch.nn.Conv2d(3, 4, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv2d(4, 2, 1)
    network = torch.nn.Sequential(*layers)
    network.multiple = 8
    return network.eval()


def test_file_runs_and_says_what_it_is(network, tmp_path):
    metadata = {"name": "Toy", "version": "0.1.0-demo", "network_data_format": {"a": 1}}
    path = tmp_path / "model.onnx"
    write_onnx(export_program(network, FORM), metadata | {"authors": "x"}, path)
    require_agreement(read_onnx(path), network, random_inputs(FORM, 6, multiple=8))
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]
    stored = onnx.load(path)
    told = {entry.key: entry.value for entry in stored.metadata_props}
    assert told["version"] == "0.1.0-demo"
    assert told["network_data_format"] == '{"a": 1}'
    assert "authors" not in told
    assert sys.prefix.encode() not in path.read_bytes()
    assert b".py" not in path.read_bytes()
    assert [x.name for x in (*stored.graph.input, *stored.graph.output)] == ["image", "pred"]


def test_what_is_not_installed_is_named(network, tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_file, "NEEDED", ("onnx", "no_such_runtime"))
    with pytest.raises(SettingError, match=r"no_such_runtime is not.*pip install 'monai-ext\[onnx"):
        write_onnx(None, {}, tmp_path / "x.onnx")
    with pytest.raises(SettingError, match="no_such_runtime"):
        read_onnx(tmp_path / "x.onnx")
