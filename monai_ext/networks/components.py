"""Parts that are chosen by name in a config, ours and those of other packages."""

from __future__ import annotations

import logging
from importlib.metadata import entry_points

from monai.utils import ComponentStore

from monai_ext.networks.blocks.feature_reformer import REFORMERS
from monai_ext.networks.blocks.grid_layer import GRID_MESSAGES
from monai_ext.networks.blocks.ot_cross_attention import MATCHINGS
from monai_ext.networks.blocks.prototype_fusion import FUSIONS
from monai_ext.networks.encoders.registry import PATCH_ENCODERS
from monai_ext.networks.encoders.text_registry import TEXT_ENCODERS
from monai_ext.networks.nets.mil_baselines import MIL_BASELINES

GROUP = "monai_ext.components"
_logger = logging.getLogger(__name__)


def component_stores() -> dict[str, ComponentStore]:
    """Every store by the config id that chooses from it."""
    return {
        "encoder": PATCH_ENCODERS,
        "text_encoder": TEXT_ENCODERS,
        "model": MIL_BASELINES,
        "matching": MATCHINGS,
        "fusion": FUSIONS,
        "graph_encoder": GRID_MESSAGES,
        "reformer": REFORMERS,
    }


def load_extensions() -> list[str]:
    """Import the modules by which installed packages add to the stores.

    A package names its module in its ``pyproject.toml``; on import the module adds what it has:

    .. code-block:: toml

        [project.entry-points."monai_ext.components"]
        ours = "our_package.parts"

    A module that fails is a warning: one broken package must not end every run.

    Returns:
        Names of the entry points that were loaded.
    """
    loaded = []
    for point in sorted(entry_points(group=GROUP), key=lambda found: found.name):
        try:
            point.load()
        except Exception as error:  # noqa: BLE001  whatever a stranger's module raises
            _logger.warning("%s (%s) is left out: %r", point.name, point.value, error)
        else:
            loaded.append(point.name)
    return loaded
