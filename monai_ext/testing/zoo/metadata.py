"""Metadata of a bundle against the rules of the Model Zoo's schema, and against its changelog."""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from monai_ext.errors import BundleError
from monai_ext.testing.zoo.files import read_json

SCHEMA = Path(__file__).with_name("metadata_schema.json")
"""Rules of ``meta_schema_20240725.json`` in our own words, stricter where the Zoo's tools ask more
(changelog, name, input ``image``, output ``pred``)."""


def check_metadata(bundle: Path, folder: Path) -> str:
    """Schema, by jsonschema and by MONAI's ``verify_metadata``; version named in the changelog.

    Raises:
        BundleError: with all faults.
        ValueError: where MONAI finds one.
    """
    from jsonschema import Draft202012Validator
    from monai.bundle import verify_metadata

    path = bundle / "configs" / "metadata.json"
    content = read_json(path)
    validator = Draft202012Validator(read_json(SCHEMA))
    faults = [f"{e.json_path}: {e.message}" for e in validator.iter_errors(content)]
    if faults:
        raise BundleError(f"{path} has {'; '.join(faults)}", str(content.get("schema")), "mend it")
    if content["version"] not in content["changelog"]:
        raise BundleError(
            f"version {content['version']} is not in the changelog of {path}",
            "every version says what is new in it",
            f"add it beside {', '.join(content['changelog'])}",
        )
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "schema.json"
    kept.write_text(json.dumps(read_json(SCHEMA)), encoding="utf-8")
    verify_metadata(meta_file=str(path), filepath=str(kept))
    return f"version {content['version']}"


def requirements_of(content: dict[str, Any]) -> dict[str, str]:
    """Packages and their versions as the Zoo writes them into a requirements file."""
    named = {key: content[f"{key}_version"] for key in ("monai", "pytorch", "numpy")}
    named["torch"] = named.pop("pytorch")
    return named | dict(content["required_packages_version"])


def check_requirements(bundle: Path, _folder: Path) -> str:
    """Named packages are plain versions, and those that the other checks run with.

    Raises:
        BundleError: names the packages.
    """
    from packaging.requirements import Requirement

    named = requirements_of(read_json(bundle / "configs" / "metadata.json"))
    lines = [str(Requirement(f"{name}=={asked}")) for name, asked in named.items()]
    other = [
        f"{name} {asked} ({here or 'not installed'} here)"
        for name, asked in named.items()
        if (here := _installed(name)) != asked
    ]
    if other:
        raise BundleError(
            f"{bundle.name} asks for {', '.join(other)}",
            "a bundle is checked with what it asks for",
            "install those versions, or name these in configs/metadata.json",
        )
    return f"{len(lines)} packages"


def _installed(name: str) -> str:
    try:
        return re.sub(r"\+.*", "", version(name))
    except PackageNotFoundError:
        return ""
