"""Which baseline is trained by what."""

from __future__ import annotations

from torch import nn

from monai_ext.losses.bag_objective import BagObjective
from monai_ext.losses.clustering_objective import ClusteringObjective
from monai_ext.losses.dual_stream_objective import DualStreamObjective


def build_mil_objective(  # noqa: PLR0913
    model: str,
    loss: nn.Module,
    *,
    num_classes: int,
    num_levels: int,
    hidden_dim: int,
    k_sample: int = 8,
    bag_weight: float = 0.7,
    instance_loss: str = "smooth_svm",
    exclusive_classes: bool = False,
    max_weight: float = 0.5,
    branch_weight: float = 0.0,
) -> BagObjective | ClusteringObjective | DualStreamObjective:
    """The training objective of a MIL baseline; what a model has no use for is passed over.

    Args:
        model: ``clam_sb`` and ``clam_mb`` get :class:`ClusteringObjective`, ``dsmil``
            :class:`DualStreamObjective`, all others :class:`BagObjective`.
        loss: of logits and labels.
        num_classes: C.
        num_levels: T.
        hidden_dim: width of the network's embedding.
        k_sample: of CLAM.
        bag_weight: of CLAM.
        instance_loss: of CLAM.
        exclusive_classes: of CLAM.
        max_weight: of DSMIL.
        branch_weight: of the branches, for all.
    """
    if model in ("clam_sb", "clam_mb"):
        return ClusteringObjective(
            loss,
            hidden_dim,
            num_classes,
            num_levels,
            k_sample=k_sample,
            bag_weight=bag_weight,
            instance_loss=instance_loss,
            exclusive_classes=exclusive_classes,
            branch_weight=branch_weight,
        )
    if model == "dsmil":
        return DualStreamObjective(loss, max_weight, branch_weight)
    return BagObjective(loss, branch_weight)
