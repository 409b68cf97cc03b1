"""Files of a bundle that are code, programs or weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from monai_ext.trust.checkpoint import checkpoint_faults, is_program
from monai_ext.trust.findings import Finding
from monai_ext.trust.importable_code import importable_code

_CODE = {".py", ".pyc", ".pyd", ".so", ".dll", ".dylib", ".sh", ".bat", ".ipynb", ".groovy"}
_WEIGHTS = {".pt", ".pth", ".bin", ".ckpt", ".safetensors", ".pkl", ".pickle", ".joblib"}
_PROGRAMS = {".ts": "TorchScript", ".pt2": "torch.export", ".onnx": "ONNX"}
_ARCHIVES = {".whl", ".zip", ".tar", ".gz", ".tgz", ".egg", ".7z"}


def find_carried(folder: Path) -> Iterator[Finding]:
    """List files that are more than texts and pictures, with what they would do.

    Args:
        folder: of a bundle or a run; links in it are refused and not followed.
    """
    modules = importable_code(folder)
    for path in modules:
        yield Finding("code", path.name, "hides others' modules under python -m monai.bundle run")
    for path in sorted(folder.rglob("*")):
        where = path.relative_to(folder).as_posix()
        if path.is_symlink():
            yield Finding("links", where, "a link", "links are not followed")
        elif path.is_file() and path not in modules:
            yield from _carried(path, where)


def _carried(path: Path, where: str) -> Iterator[Finding]:
    suffix = path.suffix.lower()
    if suffix in _CODE:
        yield Finding("code", where, "run by nothing here; by Python in its folder, or by you")
    elif suffix in _ARCHIVES:
        yield Finding("code", where, "not looked into; run if you install it")
    elif path.name == "logging.conf":
        yield Finding("code", where, "python -m monai.bundle run reads it as code; we do not")
    elif suffix in _PROGRAMS or (path.name != "model.pt" and is_program(path)):
        kind = _PROGRAMS.get(suffix, "TorchScript")
        yield Finding("programs", where, f"{kind}; nothing here loads it")
    elif suffix in _WEIGHTS:
        try:
            faults = "; ".join(checkpoint_faults(path)[:3])
        except OSError as error:
            faults = f"cannot be read: {error.strerror}"
        yield Finding("weights", where, "tensors and plain values", faults)
