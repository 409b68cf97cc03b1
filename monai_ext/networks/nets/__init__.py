"""Networks: one a method."""

from monai_ext.networks.nets.m2otca import M2OTCA

__all__ = ["M2OTCA"]
