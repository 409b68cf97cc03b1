"""Feature files, cohorts, splits and bags."""

from monai_ext.data.bags import load_bag
from monai_ext.data.feature_layout import feature_path, slide_stem
from monai_ext.data.feature_store import write_features
from monai_ext.data.join import JoinedLevels, join_levels
from monai_ext.data.read_feature import read_facts, read_features
from monai_ext.data.slide_features import FeatureFacts, SlideFeatures

__all__ = [
    "FeatureFacts",
    "JoinedLevels",
    "SlideFeatures",
    "feature_path",
    "join_levels",
    "load_bag",
    "read_facts",
    "read_features",
    "slide_stem",
    "write_features",
]
