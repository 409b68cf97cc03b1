"""Parts of networks: attention pooling, optimal-transport and gradient cross-attention."""

from monai_ext.networks.blocks.bag_readout import LogSumExpReadout, PooledReadout, build_readout
from monai_ext.networks.blocks.class_attention_branch import ClassAttentionBranch
from monai_ext.networks.blocks.dsmil_branch import DSMILBranch
from monai_ext.networks.blocks.feature_projection import FeatureProjection, NoProjection
from monai_ext.networks.blocks.feature_reformer import (
    REFORMERS,
    IdentityReformer,
    LinearReformer,
    PerceptronReformer,
)
from monai_ext.networks.blocks.gat_message import GATMessage
from monai_ext.networks.blocks.gated_attention import GatedAttention
from monai_ext.networks.blocks.gated_attention_branch import GatedAttentionBranch
from monai_ext.networks.blocks.gcn_message import GCNMessage
from monai_ext.networks.blocks.gin_message import GINMessage
from monai_ext.networks.blocks.gradient_cross_attention import GradientCrossAttention
from monai_ext.networks.blocks.grid_convolution import GridConvolution
from monai_ext.networks.blocks.grid_decoder import GridDecoder
from monai_ext.networks.blocks.grid_layer import GRID_MESSAGES, GridLayer
from monai_ext.networks.blocks.instance_embedding import InstanceEmbedding
from monai_ext.networks.blocks.max_branch import MaxBranch
from monai_ext.networks.blocks.mean_branch import MeanBranch
from monai_ext.networks.blocks.no_message import NoMessage
from monai_ext.networks.blocks.nystrom_attention import NystromAttention
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
from monai_ext.networks.blocks.prototype_bank import PrototypeBank
from monai_ext.networks.blocks.prototype_cross_attention import PrototypeCrossAttention
from monai_ext.networks.blocks.prototype_fusion import (
    FUSIONS,
    FusedScore,
    FusionSettings,
    StereoscopicTransport,
)
from monai_ext.networks.blocks.quick_dropout import QuickDropout
from monai_ext.networks.blocks.quick_prelu import QuickPReLU
from monai_ext.networks.blocks.region_heads import (
    REGION_HEADS,
    AttentionRegionHead,
    LogSumExpRegionHead,
    build_region_head,
)
from monai_ext.networks.blocks.region_lse_branch import RegionLSEBranch
from monai_ext.networks.blocks.region_pooling import RegionAttentionPool
from monai_ext.networks.blocks.score_weights import score_weights
from monai_ext.networks.blocks.simlp_branch import SiMLPBranch
from monai_ext.networks.blocks.skip_up_block import SkipUpBlock, conv_norm_relu
from monai_ext.networks.blocks.standardized_identity import StandardizedIdentity
from monai_ext.networks.blocks.standardized_linear import StandardizedLinear
from monai_ext.networks.blocks.text_query_attention import TextQueryAttention
from monai_ext.networks.blocks.transmil_branch import TransMILBranch

__all__ = [
    "FUSIONS",
    "GRID_MESSAGES",
    "MATCHINGS",
    "REFORMERS",
    "REGION_HEADS",
    "AttentionRegionHead",
    "ClassAttentionBranch",
    "DSMILBranch",
    "FeatureProjection",
    "FusedScore",
    "FusionSettings",
    "GATMessage",
    "GCNMessage",
    "GINMessage",
    "GatedAttention",
    "GatedAttentionBranch",
    "GradientCrossAttention",
    "GridConvolution",
    "GridDecoder",
    "GridLayer",
    "IdentityReformer",
    "InstanceEmbedding",
    "LinearReformer",
    "LogSumExpReadout",
    "LogSumExpRegionHead",
    "MatchingSettings",
    "MaxBranch",
    "MeanBranch",
    "NoMessage",
    "NoProjection",
    "NystromAttention",
    "OTCrossAttention",
    "OptimalTransportMatching",
    "PerceptronReformer",
    "PooledReadout",
    "PrototypeBank",
    "PrototypeCrossAttention",
    "QuickDropout",
    "QuickPReLU",
    "RegionAttentionPool",
    "RegionLSEBranch",
    "SameRegionMatching",
    "SelfAttentionMatching",
    "SiMLPBranch",
    "SimilarityMatching",
    "SkipUpBlock",
    "StandardizedIdentity",
    "StandardizedLinear",
    "StereoscopicTransport",
    "TextQueryAttention",
    "TransMILBranch",
    "build_readout",
    "build_region_head",
    "combine_prototypes",
    "conv_norm_relu",
    "score_weights",
]
