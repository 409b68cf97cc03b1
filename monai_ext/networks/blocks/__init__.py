"""Parts of networks: attention pooling, optimal-transport and gradient cross-attention."""

from monai_ext.networks.blocks.feature_projection import FeatureProjection, NoProjection
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
from monai_ext.networks.blocks.prototype_fusion import (
    FUSIONS,
    FusedScore,
    FusionSettings,
    StereoscopicTransport,
)
from monai_ext.networks.blocks.region_heads import (
    REGION_HEADS,
    AttentionRegionHead,
    LogSumExpRegionHead,
    build_region_head,
)
from monai_ext.networks.blocks.region_pooling import RegionAttentionPool
from monai_ext.networks.blocks.score_weights import score_weights
from monai_ext.networks.blocks.standardized_linear import StandardizedLinear
from monai_ext.networks.blocks.text_query_attention import TextQueryAttention

__all__ = [
    "FUSIONS",
    "MATCHINGS",
    "REGION_HEADS",
    "AttentionRegionHead",
    "FeatureProjection",
    "FusedScore",
    "FusionSettings",
    "GatedAttention",
    "GradientCrossAttention",
    "LogSumExpRegionHead",
    "MatchingSettings",
    "NoProjection",
    "OTCrossAttention",
    "OptimalTransportMatching",
    "RegionAttentionPool",
    "SameRegionMatching",
    "SelfAttentionMatching",
    "SimilarityMatching",
    "StandardizedLinear",
    "StereoscopicTransport",
    "TextQueryAttention",
    "build_region_head",
    "combine_prototypes",
    "score_weights",
]
