"""What works on this machine, and what is in a folder: the ``doctor`` command."""

from monai_ext.doctor.report import report

__all__ = ["report"]
