"""Files that are offered as weights: each would touch SENTINEL, or is no state dict."""

import io
import os
import pickle
import struct
import subprocess
import tarfile
import zipfile
from pathlib import Path

import torch


class Runs:
    """Unpickled it calls a function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def saved(content, **options):
    stream = io.BytesIO()
    torch.save(content, stream, **options)
    return stream.getvalue()


def touching(path):
    return Runs(open, str(path), "w")


def _with_members(state, **changes):
    """A file of ``torch.save`` with members replaced, added, or compressed."""
    out = io.BytesIO()
    compression = changes.pop("compression", zipfile.ZIP_STORED)
    twice = changes.pop("twice", False)
    with zipfile.ZipFile(io.BytesIO(saved(state))) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = changes.get(name.rsplit("/", 1)[1], old.read(name))
            if content is not None:
                new.writestr(name, content, compression)
        for name, content in changes.get("more", {}).items():
            new.writestr(name, content, compression)
        if twice:
            new.writestr(old.namelist()[0], pickle.dumps(twice, 2))
    return out.getvalue()


def _tar(path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        content = pickle.dumps(touching(path))
        info = tarfile.TarInfo("pickle")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def _script():
    class Plain(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + 1

    stream = io.BytesIO()
    torch.jit.save(torch.jit.trace(Plain(), torch.zeros(1)), stream)
    return stream.getvalue()


def hostile_checkpoints(sentinel: Path) -> dict[str, tuple[str, bytes]]:
    """Suffix and content by name."""
    state = {"a": torch.zeros(2)}
    call = touching(sentinel)
    return {
        "open": (".pt", saved(call)),
        "system": (".pt", saved({"a": Runs(os.system, f"touch '{sentinel}'")})),
        "popen": (".pt", saved([Runs(subprocess.Popen, ["touch", str(sentinel)])])),
        "eval": (".pt", saved({"model": Runs(eval, f"open({str(sentinel)!r}, 'w')")})),
        "exec": (".pt", saved({"model": {"w": Runs(exec, f"open({str(sentinel)!r}, 'w')")}})),
        "beside_tensors": (".pt", saved({**state, "b": call})),
        "in_a_tuple": (".pt", saved((call, 1))),
        "old_form": (".pth", saved({**state, "b": call}, _use_new_zipfile_serialization=False)),
        "bare_pickle": (".pt", pickle.dumps(call, 2)),
        "new_protocol": (".bin", pickle.dumps(call, 5)),
        "new_protocol_inside": (".pt", _with_members(state, **{"data.pkl": pickle.dumps(call, 4)})),
        "named_safetensors": (".safetensors", saved(call)),
        "second_pickle": (".pt", _with_members(state, more={"archive/x.pkl": pickle.dumps(call)})),
        "same_name_twice": (".pt", _with_members(state, twice=call)),
        "compressed": (".pt", _with_members(state, compression=zipfile.ZIP_DEFLATED)),
        "without_pickle": (".pt", _with_members(state, **{"data.pkl": None})),
        "empty_stack": (".pt", _with_members(state, **{"data.pkl": b"\x80\x02."})),
        "nothing_to_build": (".pt", _with_members(state, **{"data.pkl": b"\x80\x02N}b."})),
        "whole_module": (".pt", saved(torch.nn.Linear(2, 2))),
        "script": (".pt", _script()),
        "tar": (".pt", _tar(sentinel)),
        "cut": (".pt", saved(state)[:-200]),
        "text": (".pt", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
        "empty": (".pt", b""),
        "endless_header": (".safetensors", struct.pack("<Q", 2**62) + b"{}"),
        "header_beyond_file": (
            ".safetensors",
            struct.pack("<Q", 60) + b'{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}     ',
        ),
    }
