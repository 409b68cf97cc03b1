"""What MONAI Label loads of an app folder: its one app class."""

from monai_ext.label.app import PathologyApp

__all__ = ["PathologyApp"]
