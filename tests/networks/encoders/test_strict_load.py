import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from monai_ext.errors import SettingError
from monai_ext.networks.encoders.strict_load import load_strictly, read_weights, renamed

STATE = {"weight": torch.ones(2, 3), "bias": torch.zeros(2)}


class Payload:
    def __reduce__(self):
        return print, ("ran",)


@pytest.mark.parametrize("wrapper", [None, "state_dict", "model", "teacher"])
def test_state_dict_is_found_bare_or_wrapped(tmp_path, wrapper):
    torch.save(STATE if wrapper is None else {wrapper: STATE, "epoch": 3}, tmp_path / "w.pth")
    assert set(read_weights(tmp_path / "w.pth", "x")) == {"weight", "bias"}


def test_safetensors_are_read(tmp_path):
    save_file(STATE, tmp_path / "w.safetensors")
    torch.testing.assert_close(read_weights(tmp_path / "w.safetensors", "x"), STATE)


def test_missing_file_says_how_to_get_it(tmp_path):
    with pytest.raises(SettingError, match=r"no weights at .*none.bin\..*Repair: ask them"):
        read_weights(tmp_path / "none.bin", "ask them")


@pytest.mark.parametrize("name", ["w.bin", "w.safetensors"])
def test_damaged_file_is_one_line(tmp_path, name):
    (tmp_path / name).write_bytes(b"<html>not found</html>")
    with pytest.raises(SettingError, match=r"cannot be read as weights") as caught:
        read_weights(tmp_path / name, "x")
    assert "\n" not in str(caught.value)


def test_code_in_a_pickle_does_not_run(tmp_path, capsys):
    torch.save({"weight": Payload()}, tmp_path / "w.pth")
    with pytest.raises(SettingError, match="cannot be read as weights"):
        read_weights(tmp_path / "w.pth", "x")
    (tmp_path / "old.pth").write_bytes(pickle.dumps(Payload()))
    with pytest.raises(SettingError, match="cannot be read as weights"):
        read_weights(tmp_path / "old.pth", "x")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("stored", [{}, {"weight": 3}, torch.ones(2)], ids=str)
def test_what_is_no_state_dict_is_refused(tmp_path, stored):
    torch.save(stored, tmp_path / "w.pth")
    with pytest.raises(SettingError, match="holds no state dict"):
        read_weights(tmp_path / "w.pth", "x")


def test_load_fills_a_meta_network_with_float32():
    network = nn.Linear(3, 2, device="meta")
    load_strictly(network, {key: value.half() for key, value in STATE.items()}, "file", "hint")
    assert torch.equal(network.weight, torch.ones(2, 3))
    assert network.weight.dtype == torch.float32


def test_faults_are_named_and_counted_and_nothing_is_loaded():
    network = nn.Linear(3, 2)
    before = network.weight.clone()
    wrong = {"weight": torch.ones(2, 4), "a": torch.ones(1), "b": torch.ones(1)}
    with pytest.raises(SettingError) as caught:
        load_strictly(network, wrong, "file.bin", "another file")
    text = "file.bin does not fit: missing bias; unexpected a; unexpected b and 1 more."
    assert str(caught.value).startswith(text)
    assert str(caught.value).endswith("Repair: another file.")
    assert torch.equal(network.weight, before)


def test_wrong_shape_is_told():
    with pytest.raises(SettingError, match=r"weight is \(2, 4\), not \(2, 3\)"):
        load_strictly(nn.Linear(3, 2), STATE | {"weight": torch.ones(2, 4)}, "file", "hint")


def test_rename_drops_what_becomes_none():
    found = renamed(STATE, lambda key: None if key == "bias" else f"a.{key}")
    assert set(found) == {"a.weight"}
