"""MONAI bundles for computational pathology: the library they share."""

__version__ = "0.1.0"
