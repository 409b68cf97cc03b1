"""Pack a bundle as the Model Zoo does: one ZIP, reproducible, its checksum in model_info.json.

    python scripts/package_bundle.py pathology_m2otca_classification
    python scripts/package_bundle.py pathology_m2otca_classification --run RUN     # trained
    python scripts/package_bundle.py pathology_m2otca_classification --vendor True

The receiver unpacks it, and installs the library from it (``pip install NAME/wheels/*.whl``); with
``--vendor`` its used modules lie in the bundle, for commands given in the bundle's folder.
"""

from __future__ import annotations

from pathlib import Path

import fire

import monai_ext
from monai_ext.errors import MonaiExtError
from monai_ext.experiments.bundle_run import find_bundle
from monai_ext.export import package_bundle
from monai_ext.flags import as_bool

PROJECT = Path(monai_ext.__file__).resolve().parents[1]


def package(
    name: str,
    output: str = "dist",
    run: str = "",
    vendor: bool = False,  # noqa: FBT001, FBT002 - a command's flag
    source: str = "",
    replace: bool = False,  # noqa: FBT001, FBT002
    model_info: str = "",
) -> None:
    """Write the ZIP and record its checksum.

    Args:
        name: of the bundle, or its folder.
        output: folder of the ZIP.
        run: trained run whose weights go along; empty: none.
        vendor: the library's used modules in the bundle, in place of its wheel.
        source: address at which the ZIP is published; from then on the version is fixed.
        replace: let a version that is not published have another checksum than recorded.
        model_info: table of checksums; empty: ``bundles/model_info.json``.
    """
    try:
        archive, checksum = package_bundle(
            find_bundle(str(name)),
            Path(str(output)),
            PROJECT,
            table=Path(str(model_info or PROJECT / "bundles" / "model_info.json")),
            run=Path(str(run)) if run else None,
            vendor=as_bool(vendor),
            source=str(source),
            replace=as_bool(replace),
        )
    except MonaiExtError as error:
        raise SystemExit(str(error)) from None
    print(f"{archive}  {archive.stat().st_size / 1024:.0f} KiB  sha1 {checksum}")


if __name__ == "__main__":
    fire.Fire(package)
