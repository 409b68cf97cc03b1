"""A MONAI Label app for slides: ``python -m monai_ext label_app`` makes its folder.

``app``, ``slide_store`` and the tasks need MONAI Label, which lives in an environment of its own.
"""

from monai_ext.label.app_folder import make_app

__all__ = ["make_app"]
