"""What works on this machine, what is in a folder, and what can be chosen by name."""

from monai_ext.doctor.component_list import list_components
from monai_ext.doctor.report import report

__all__ = ["list_components", "report"]
