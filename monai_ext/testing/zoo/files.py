"""Files of a bundle: those that it needs, none that it must not have."""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

from monai_ext.errors import BundleError
from monai_ext.export.bundle_files import bundle_files
from monai_ext.export.identity import require_name

NEEDED = ("LICENSE", "configs/metadata.json", "configs/inference.json", "docs/README.md")
CODE = {".py", ".conf", ".sh", ".so"}
WEIGHTS = {".pt", ".pth", ".ts", ".pt2", ".ckpt", ".onnx", ".safetensors", ".bin"}
LARGEST = 25 * 2**20
HASHES = ("md5", "sha1", "sha256", "sha512")
_PRIVATE = re.compile(r"/(?:home|Users|root|tmp|mnt|media)/\w|\b[A-Z]:\\\\?\w")


def check_files(bundle: Path, _folder: Path) -> str:
    """Needed files are there, no code, weights under ``models/`` alone, a name that can be split.

    Raises:
        BundleError: names the files.
    """
    missing = [name for name in NEEDED if not (bundle / name).is_file()]
    if missing:
        raise BundleError(f"{bundle.name} has no {', '.join(missing)}", "needed", "add them")
    require_name(bundle.name)
    found = list(bundle_files(bundle))
    inside = [path.relative_to(bundle).as_posix() for path in found]
    code = [name for name in inside if PurePosixPath(name).suffix in CODE]
    loose = [
        name
        for name in inside
        if PurePosixPath(name).suffix in WEIGHTS and not name.startswith("models/")
    ]
    if code or loose:
        raise BundleError(
            f"{bundle.name} has {', '.join(code + loose)}",
            "a bundle of this project holds no code, and weights under models/ alone",
            "move code into monai_ext, weights into models/",
        )
    return f"{len(found)} files"


def check_sizes(bundle: Path, _folder: Path) -> str:
    """No file above 25 MiB; larger ones are named in ``large_files.yml`` and fetched.

    Raises:
        BundleError: names the files, or what is wrong with ``large_files.yml``.
    """
    named = _large_files(bundle)
    for item in named:
        _require_sound(item)
    known = {str(item["path"]) for item in named}
    sizes = {
        path.relative_to(bundle).as_posix(): path.stat().st_size for path in bundle_files(bundle)
    }
    large = [name for name, size in sizes.items() if size > LARGEST and name not in known]
    if large:
        raise BundleError(
            f"{bundle.name} has {', '.join(large)}",
            f"no file above {LARGEST >> 20} MiB",
            "name them in large_files.yml with url, hash_val and hash_type",
        )
    return f"largest {max(sizes.values()) / 1024:.0f} KiB, {len(named)} to be fetched"


def check_private_paths(bundle: Path, _folder: Path) -> str:
    """No path of somebody's machine in a text file.

    Raises:
        BundleError: names file, line and path.
    """
    read = 0
    for path in bundle_files(bundle):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        read += 1
        for number, line in enumerate(text.splitlines(), 1):
            if found := _PRIVATE.search(line):
                raise BundleError(
                    f"{path.relative_to(bundle)} line {number} has {found.group()}...",
                    "a bundle names no path of a machine",
                    "use bundle_root, dataset_dir or output_dir",
                )
    return f"{read} text files"


def read_json(path: Path) -> Any:
    """Content of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def _large_files(bundle: Path) -> list[dict[str, Any]]:
    import yaml

    path = bundle / "large_files.yml"
    if not path.is_file():
        return []
    return list(yaml.safe_load(path.read_text(encoding="utf-8"))["large_files"])


def _require_sound(item: dict[str, Any]) -> None:
    path = PurePosixPath(str(item.get("path", "")))
    outside = path.is_absolute() or ".." in path.parts or not path.parts
    if outside or item.get("hash_type") not in HASHES or not item.get("hash_val"):
        raise BundleError(
            f"large_files.yml has {item}",
            f"a path inside the bundle, hash_val, and hash_type one of {', '.join(HASHES)}",
            "mend the entry",
        )
