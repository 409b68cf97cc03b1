"""What strangers' bundles, configs, archives and weights may do: nothing but what we know."""

from monai_ext.trust.checkpoint import require_plain
from monai_ext.trust.decision import is_trusting, trust_from_now_on, trusting
from monai_ext.trust.inspect_bundle import inspect_bundle
from monai_ext.trust.load_state import load_state
from monai_ext.trust.require_safe import require_safe

__all__ = [
    "inspect_bundle",
    "is_trusting",
    "load_state",
    "require_plain",
    "require_safe",
    "trust_from_now_on",
    "trusting",
]
