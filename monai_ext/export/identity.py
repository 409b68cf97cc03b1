"""Name and version under which a bundle is shared."""

from __future__ import annotations

import re
from typing import Any

from monai_ext.errors import BundleError

NAME = re.compile(r"(?!.*_v\d)[a-z][a-z0-9_]*")
VERSION = re.compile(r"\d+\.\d+\.\d+(-demo)?")


def require_name(name: str) -> str:
    """A bundle's folder name: small letters, digits and ``_``, no ``_v`` before a digit.

    ``<name>_v<version>`` must fall apart in one way only.

    Raises:
        BundleError: for any other.
    """
    if not NAME.fullmatch(name):
        raise BundleError(
            f"a bundle is called {name!r}",
            "small letters, digits and _, no _v before a digit, which begins the version",
            "rename it",
        )
    return name


def demo_name(name: str) -> str:
    """``pathology_x_classification`` -> ``pathology_x_demo_classification``.

    The last word stays last, because MONAI Label reads the task from it.
    """
    first, _, task = name.rpartition("_")
    return "_".join(filter(None, (first, "demo", task)))


def with_version(metadata: dict[str, Any], version: str, change: str) -> dict[str, Any]:
    """Metadata of a new version, whose line of the changelog comes first.

    Args:
        metadata: of the bundle; stays as it is.
        version: three numbers, ``-demo`` behind them for demonstration weights.
        change: what is new.

    Raises:
        BundleError: for another form, a version that the changelog has, or no line for it.
    """
    if not VERSION.fullmatch(version):
        raise BundleError(f"version {version!r}", "three numbers, as 0.2.0", "mend it")
    if version in metadata["changelog"]:
        raise BundleError(
            f"version {version} is in the changelog", "a new version has a new number", "raise it"
        )
    if not change.strip():
        raise BundleError(
            f"version {version} without a line of the changelog",
            "every version says what is new in it",
            "--change 'Trained on ...'",
        )
    changelog = {version: change.strip(), **metadata["changelog"]}
    return metadata | {"version": version, "changelog": changelog}
