"""Feature files, cohorts, splits and bags."""

from monai_ext.data.bags import bag_lengths, load_bag
from monai_ext.data.blind_datalist import write_blind_datalist
from monai_ext.data.class_prompts import ClassPrompts, read_class_prompts
from monai_ext.data.cohort import Cohort, CohortSlide, read_cohort
from monai_ext.data.cohort_report import CohortReport, FeatureReport, LevelReport, inspect_features
from monai_ext.data.collate import collate_bags
from monai_ext.data.datalist import Datalist, load_datalist, write_datalist
from monai_ext.data.embed_text import embed_file, embed_priors
from monai_ext.data.failures import FAILED_FILE, read_failures, write_failures
from monai_ext.data.feature_check import CheckedFeatures, check_features
from monai_ext.data.feature_folder import FeatureFolder, FeatureLevel, find_features
from monai_ext.data.feature_layout import feature_path, slide_stem
from monai_ext.data.feature_store import write_features
from monai_ext.data.few_shot import few_shot_splits
from monai_ext.data.given_splits import given_splits
from monai_ext.data.image_table import read_image_table, split_image_table
from monai_ext.data.join import JoinedLevels, join_levels
from monai_ext.data.label_map import LabelMap, NotSegmented
from monai_ext.data.make_splits import (
    features_of_cohort,
    make_site_splits,
    make_splits,
    write_splits,
)
from monai_ext.data.mask_image import mask_problem, read_mask, read_sound_mask
from monai_ext.data.paired_loader import PairedLoader
from monai_ext.data.read_feature import read_facts, read_features
from monai_ext.data.sampler import BucketSampler
from monai_ext.data.segmentation_datalist import (
    SegmentationDatalist,
    load_segmentation_datalist,
    write_segmentation_datalist,
)
from monai_ext.data.segmentation_splits import SegmentationSplit, write_labelled_subsets
from monai_ext.data.site_splits import require_whole_sites, site_fold_splits
from monai_ext.data.sites import SiteCounts, count_sites, slide_sites, write_site_counts
from monai_ext.data.slide_features import FeatureFacts, SlideFeatures
from monai_ext.data.split_parts import Split, require_sound
from monai_ext.data.splits import fold_splits
from monai_ext.data.step_sampler import StepSampler
from monai_ext.data.text_controls import TEXT_CONTROLS, controlled_texts
from monai_ext.data.text_embeddings import (
    TextEmbeddings,
    read_text_embeddings,
    write_text_embeddings,
)
from monai_ext.data.text_priors import PriorText, TextPriors, read_text_priors

__all__ = [
    "FAILED_FILE",
    "TEXT_CONTROLS",
    "BucketSampler",
    "CheckedFeatures",
    "ClassPrompts",
    "Cohort",
    "CohortReport",
    "CohortSlide",
    "Datalist",
    "FeatureFacts",
    "FeatureFolder",
    "FeatureLevel",
    "FeatureReport",
    "JoinedLevels",
    "LabelMap",
    "LevelReport",
    "NotSegmented",
    "PairedLoader",
    "PriorText",
    "SegmentationDatalist",
    "SegmentationSplit",
    "SiteCounts",
    "SlideFeatures",
    "Split",
    "StepSampler",
    "TextEmbeddings",
    "TextPriors",
    "bag_lengths",
    "check_features",
    "collate_bags",
    "controlled_texts",
    "count_sites",
    "embed_file",
    "embed_priors",
    "feature_path",
    "features_of_cohort",
    "few_shot_splits",
    "find_features",
    "fold_splits",
    "given_splits",
    "inspect_features",
    "join_levels",
    "load_bag",
    "load_datalist",
    "load_segmentation_datalist",
    "make_site_splits",
    "make_splits",
    "mask_problem",
    "read_class_prompts",
    "read_cohort",
    "read_facts",
    "read_failures",
    "read_features",
    "read_image_table",
    "read_mask",
    "read_sound_mask",
    "read_text_embeddings",
    "read_text_priors",
    "require_sound",
    "require_whole_sites",
    "site_fold_splits",
    "slide_sites",
    "slide_stem",
    "split_image_table",
    "write_blind_datalist",
    "write_datalist",
    "write_failures",
    "write_features",
    "write_labelled_subsets",
    "write_segmentation_datalist",
    "write_site_counts",
    "write_splits",
    "write_text_embeddings",
]
