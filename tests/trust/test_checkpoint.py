"""What bytes of a checkpoint say, without loading them."""

import io
import pickle
import zipfile

import pytest
import torch

from monai_ext.trust.archive import archive_faults
from monai_ext.trust.checkpoint import PLAIN_GLOBALS, checkpoint_faults, is_program
from tests.trust.hostile_checkpoints import hostile_checkpoints

FAULTS = {
    "system": "GLOBAL posix system",
    "old_form": "GLOBAL io open",
    "new_protocol": "neither safetensors nor a file of torch.save",
    "new_protocol_inside": "STACK_GLOBAL",
    "second_pickle": "2 pickles where one data.pkl belongs",
    "same_name_twice": "a name twice",
    "compressed": "compressed parts",
    "without_pickle": "0 pickles where one data.pkl belongs",
    "script": "a TorchScript program",
    "named_safetensors": "no safetensors",
    "endless_header": "no safetensors",
    "text": "neither safetensors nor a file of torch.save",
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_named(tmp_path, name):
    suffix, content = hostile_checkpoints(tmp_path / "elsewhere")[name]
    path = tmp_path / f"w{suffix}"
    path.write_bytes(content)
    assert any(fault.startswith(FAULTS[name]) for fault in checkpoint_faults(path))
    assert is_program(path) == (name == "script")


def test_each_plain_global_is_one_that_torch_lets_through():
    allowed = {
        name.rpartition(".")[::2] for name in torch._weights_only_unpickler._get_allowed_globals()
    }
    for name in PLAIN_GLOBALS:
        module, _, item = name.partition(" ")
        assert (module, item) in allowed, name


def test_a_pickle_of_pythons_second_way_to_name_things_is_refused(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", b"(ios\nsystem\n.")
    (tmp_path / "w.pt").write_bytes(out.getvalue())
    assert any(fault.startswith("INST") for fault in checkpoint_faults(tmp_path / "w.pt"))


def test_a_name_that_is_no_text_is_no_archive(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data\u00e9.pkl", b".")
    content = out.getvalue().replace("\u00e9".encode(), b"\xff\xff")
    (tmp_path / "w.pt").write_bytes(content)
    assert checkpoint_faults(tmp_path / "w.pt")[0].startswith("no archive of torch.save")
    assert not is_program(tmp_path / "w.pt")
    assert archive_faults(tmp_path / "w.pt")[0].startswith("no whole zip file")


def test_a_large_pickle_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("monai_ext.trust.checkpoint._LARGEST_PICKLE", 100)
    torch.save({f"name{k}": k for k in range(99)}, tmp_path / "w.pt")
    faults = checkpoint_faults(tmp_path / "w.pt")
    assert len(faults) == 1
    assert "data.pkl of" in faults[0]


def test_text_that_claims_to_be_a_pickle_is_refused(tmp_path):
    start = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
    (tmp_path / "w.pt").write_bytes(start + b"garbage")
    assert any("no pickle" in fault for fault in checkpoint_faults(tmp_path / "w.pt"))
