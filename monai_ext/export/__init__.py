"""Bundles and networks in the forms in which others take them."""

from monai_ext.export.agreement import require_agreement
from monai_ext.export.archive import write_archive
from monai_ext.export.bundle_files import bundle_files
from monai_ext.export.export_model import FORMATS, export_model
from monai_ext.export.input_form import InputForm, input_form, random_inputs
from monai_ext.export.model_folder import ModelFolder, find_model
from monai_ext.export.model_info import record_version
from monai_ext.export.package import Share, package_bundle
from monai_ext.export.run_overlay import run_overlay
from monai_ext.export.trained_network import trained_network, untrained_network
from monai_ext.export.used_modules import used_files
from monai_ext.export.wheel import build_wheel
from monai_ext.export.wsinfer import write_wsinfer

__all__ = [
    "FORMATS",
    "InputForm",
    "ModelFolder",
    "Share",
    "build_wheel",
    "bundle_files",
    "export_model",
    "find_model",
    "input_form",
    "package_bundle",
    "random_inputs",
    "record_version",
    "require_agreement",
    "run_overlay",
    "trained_network",
    "untrained_network",
    "used_files",
    "write_archive",
    "write_wsinfer",
]
