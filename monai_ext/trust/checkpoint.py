"""What a checkpoint would run when it is loaded, read from its bytes."""

from __future__ import annotations

import io
import pickletools
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from monai_ext.errors import TrustError
from monai_ext.trust.archive import NO_ZIP

_STORAGES = "Float Double Half BFloat16 Long Int Short Char Byte Bool ComplexFloat ComplexDouble"
_TYPES = "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 bool complex64 complex128"
PLAIN_GLOBALS = frozenset(
    [
        "collections OrderedDict",
        "torch Size",
        "torch device",
        "torch._utils _rebuild_parameter",
        "torch._utils _rebuild_tensor",
        "torch._utils _rebuild_tensor_v2",
        "torch.storage UntypedStorage",
        *(f"torch {name}Storage" for name in _STORAGES.split()),
        *(f"torch {name}" for name in _TYPES.split()),
    ]
)
"""What pickled tensors, numbers, texts, lists and dictionaries need; nothing of it runs code."""
_RUNNING = {"STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4", "PERSID"}
_LARGEST_PICKLE = 2**26
_LEGACY_PICKLES = 5  # magic number, protocol, system, content, storage keys
_LEGACY_START = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."


def checkpoint_faults(path: Path) -> list[str]:
    """Say why a checkpoint is refused; an empty list: it holds tensors and plain values alone.

    Read are safetensors and both forms of ``torch.save``. Nothing is loaded.

    Args:
        path: the file.

    Raises:
        OSError: if it cannot be read.
    """
    if path.suffix == ".safetensors":
        return list(_safetensors_faults(path))
    if zipfile.is_zipfile(path):
        return list(_zip_faults(path))
    with path.open("rb") as file:
        content = file.read(_LARGEST_PICKLE)
    if not content.startswith(_LEGACY_START):
        return ["neither safetensors nor a file of torch.save"]
    return list(_pickle_faults(content, _LEGACY_PICKLES))


def require_plain(path: Path) -> None:
    """Refuse a checkpoint that holds more than tensors and plain values.

    Raises:
        TrustError: names what it would run.
        OSError: if it cannot be read.
    """
    if faults := checkpoint_faults(path):
        raise TrustError(
            f"{path} is not loaded ({'; '.join(faults[:3])})",
            "weights are tensors, numbers and texts, of safetensors or torch.save",
            "ask for a state dict, saved with torch.save or safetensors",
        )


def is_program(path: Path) -> bool:
    """Whether a file is an archive of TorchScript, whatever it is called."""
    if not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return _is_program(archive.namelist())
    except NO_ZIP:
        return False


def _is_program(names: Sequence[str]) -> bool:
    return any("/code/" in name or name.endswith("constants.pkl") for name in names)


def _safetensors_faults(path: Path) -> Iterator[str]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            file.keys()
    except SafetensorError as error:
        yield f"no safetensors: {error}"


def _zip_faults(path: Path) -> Iterator[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            names = [info.filename for info in infos]
            pickles = [info for info in infos if info.filename.endswith(".pkl")]
            if _is_program(names):
                yield "a TorchScript program"
            if len(pickles) != 1 or not pickles[0].filename.endswith("/data.pkl"):
                yield f"{len(pickles)} pickles where one data.pkl belongs"
            if len(set(names)) < len(names):
                yield "a name twice"
            if any(info.compress_type != zipfile.ZIP_STORED for info in infos):
                yield "compressed parts"
            for info in pickles:
                if info.compress_type == zipfile.ZIP_STORED and info.file_size < _LARGEST_PICKLE:
                    yield from _pickle_faults(archive.read(info), 1)
                else:
                    yield f"{info.filename} of {info.file_size} bytes"
    except NO_ZIP as error:
        yield f"no archive of torch.save: {error}"


def _pickle_faults(content: bytes, count: int) -> Iterator[str]:
    stream, seen = io.BytesIO(content), set()
    try:
        for _ in range(count):
            for opcode, argument, _ in pickletools.genops(stream):
                is_strange = opcode.name == "GLOBAL" and argument not in PLAIN_GLOBALS
                if opcode.name in _RUNNING or is_strange:
                    seen.add(f"{opcode.name} {argument or ''}".strip())
    except Exception as error:  # noqa: BLE001  whatever a stranger's bytes make of the reader
        yield f"no pickle of torch.save: {error}"
    yield from sorted(seen)
