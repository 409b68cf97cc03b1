"""Bundles and networks in the forms in which others take them."""

from monai_ext.export.archive import write_archive
from monai_ext.export.bundle_files import bundle_files
from monai_ext.export.model_info import record_version
from monai_ext.export.package import Share, package_bundle
from monai_ext.export.run_overlay import run_overlay
from monai_ext.export.used_modules import used_files
from monai_ext.export.wheel import build_wheel

__all__ = [
    "Share",
    "build_wheel",
    "bundle_files",
    "package_bundle",
    "record_version",
    "run_overlay",
    "used_files",
    "write_archive",
]
