"""What MONAI's Model Zoo checks of a bundle, offline: ``scripts/verify_bundle.py``."""
