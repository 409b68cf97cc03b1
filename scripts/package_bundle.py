"""Pack a bundle as the Model Zoo does: one ZIP, reproducible, its checksum in model_info.json.

    python scripts/package_bundle.py pathology_m2otca_classification
    python scripts/package_bundle.py pathology_m2otca_classification --run RUN     # trained
    ... --run RUN --rename lung_m2otca_classification --version 1.0.0 --change "Trained on ..."
    python scripts/package_bundle.py pathology_m2otca_classification --vendor True

Demonstration weights, from ``python -m monai_ext demo --output runs/demo``:

    ... --run runs/demo/m2otca/fold0 --demo True

The receiver unpacks it, and installs the library from it (``pip install NAME/wheels/*.whl``); with
``--vendor`` its used modules lie in the bundle, for commands given in the bundle's folder.
"""

from __future__ import annotations

from pathlib import Path

import fire

import monai_ext
from monai_ext.errors import MonaiExtError, SettingError
from monai_ext.experiments.bundle_run import find_bundle
from monai_ext.export import Share, package_bundle
from monai_ext.flags import as_bool

PROJECT = Path(monai_ext.__file__).resolve().parents[1]


def package(
    name: str,
    output: str = "dist",
    run: str = "",
    vendor: bool = False,  # noqa: FBT001, FBT002 - a command's flag
    model_info: str = "",
    **share: str,
) -> None:
    """Write the ZIP and record its checksum.

    Args:
        name: of the bundle, or its folder.
        output: folder of the ZIP.
        run: trained run whose weights go along; empty: none.
        vendor: the library's used modules in the bundle, in place of its wheel.
        model_info: table of checksums; empty: ``bundles/model_info.json``.
        share: ``rename``: another name; ``version`` and ``change``: another version and its line
            of the changelog; ``source``: address at which the ZIP is published, from then on the
            version is fixed; ``replace``: let one that is not published change; ``demo``: weights
            that were trained on invented slides, said in name, version and card.
    """
    try:
        archive, checksum = package_bundle(
            find_bundle(str(name)),
            Path(str(output)),
            PROJECT,
            table=Path(str(model_info or PROJECT / "bundles" / "model_info.json")),
            run=Path(str(run)) if run else None,
            vendor=as_bool(vendor),
            share=_share(share),
        )
    except MonaiExtError as error:
        raise SystemExit(str(error)) from None
    print(f"{archive}  {archive.stat().st_size / 1024:.0f} KiB  sha1 {checksum}")


def _share(given: dict[str, str]) -> Share:
    known = {"rename", "version", "change", "source", "replace", "demo"}
    if unknown := set(given) - known:
        raise SettingError(f"--{', --'.join(unknown)}", ", ".join(sorted(known)), "mend it")
    return Share(
        name=str(given.get("rename", "")),
        version=str(given.get("version", "")),
        change=str(given.get("change", "")),
        source=str(given.get("source", "")),
        replace=as_bool(given.get("replace")),
        is_demo=as_bool(given.get("demo")),
    )


if __name__ == "__main__":
    fire.Fire(package)
