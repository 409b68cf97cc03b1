"""Parts of networks: attention pooling, optimal-transport and gradient cross-attention."""

from monai_ext.networks.blocks.gated_attention import GatedAttention
from monai_ext.networks.blocks.gradient_cross_attention import GradientCrossAttention
from monai_ext.networks.blocks.ot_cross_attention import (
    MATCHINGS,
    MatchingSettings,
    OptimalTransportMatching,
    OTCrossAttention,
    SameRegionMatching,
    SelfAttentionMatching,
    SimilarityMatching,
)
from monai_ext.networks.blocks.plan_combine import combine_prototypes
from monai_ext.networks.blocks.region_heads import (
    REGION_HEADS,
    AttentionRegionHead,
    LogSumExpRegionHead,
    build_region_head,
)
from monai_ext.networks.blocks.region_pooling import RegionAttentionPool
from monai_ext.networks.blocks.standardized_linear import StandardizedLinear

__all__ = [
    "MATCHINGS",
    "REGION_HEADS",
    "AttentionRegionHead",
    "GatedAttention",
    "GradientCrossAttention",
    "LogSumExpRegionHead",
    "MatchingSettings",
    "OTCrossAttention",
    "OptimalTransportMatching",
    "RegionAttentionPool",
    "SameRegionMatching",
    "SelfAttentionMatching",
    "SimilarityMatching",
    "StandardizedLinear",
    "build_region_head",
    "combine_prototypes",
]
