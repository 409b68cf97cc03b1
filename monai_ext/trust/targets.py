"""What a config may build: exact names, no prefixes."""

from __future__ import annotations

_MONAI = """
CacheDataset Dataset SmartCacheDataset ThreadDataLoader
CheckpointLoader LrScheduleHandler StatsHandler TensorBoardStatsHandler ValidationHandler
SimpleInferer SlidingWindowInferer SupervisedEvaluator SupervisedTrainer
Compose Activationsd AsDiscreted CastToTyped CenterSpatialCropd DivisiblePadd EnsureTyped
NormalizeIntensityd RandAdjustContrastd RandAffined RandAxisFlipd RandCoarseDropoutd RandFlipd
RandGaussianNoised RandGaussianSmoothd RandRotate90d RandRotated RandScaleIntensityd
RandShiftIntensityd RandSpatialCropd RandZoomd Resized ScaleIntensityRanged ScaleIntensityd
SelectItemsd SpatialPadd ToTensord
DiceCELoss DiceFocalLoss DiceLoss FocalLoss GeneralizedDiceLoss TverskyLoss
monai.data.Dataset monai.data.CacheDataset monai.inferers.SimpleInferer
monai.inferers.SlidingWindowInferer
"""
_TORCH = """
torch.nn.BCEWithLogitsLoss torch.nn.CrossEntropyLoss torch.nn.MSELoss torch.nn.NLLLoss
torch.optim.Adadelta torch.optim.Adagrad torch.optim.Adam torch.optim.AdamW torch.optim.Adamax
torch.optim.NAdam torch.optim.RAdam torch.optim.RMSprop torch.optim.SGD
torch.optim.lr_scheduler.CosineAnnealingLR torch.optim.lr_scheduler.CosineAnnealingWarmRestarts
torch.optim.lr_scheduler.ExponentialLR torch.optim.lr_scheduler.LinearLR
torch.optim.lr_scheduler.MultiStepLR torch.optim.lr_scheduler.PolynomialLR
torch.optim.lr_scheduler.StepLR torch.utils.data.DataLoader
"""
_OURS = """
data.BucketSampler data.PairedLoader data.StepSampler
engines.AssignmentMap engines.BranchInferer engines.CollapseWatch engines.ConsistencySettings
engines.EMATeacher engines.EarlyStop engines.ExtractionSettings engines.FeatureExtractor
engines.InferenceInput engines.InferenceRun engines.JointReconstruction engines.LossGuard
engines.MetricsCsv engines.ObjectiveInferer engines.PartMeans engines.ProcessSync
engines.Processes engines.RunCheckpoint engines.SaveFeatures engines.SeedEpochs
engines.SemiSupervised engines.SlideToGrid engines.TextAtTest engines.TrainingProgress
engines.TrainingRun engines.TrustWatch engines.auc_metric engines.build_extraction_encoder
engines.build_prototype_objective engines.check_masks engines.dice_metric engines.find_slides
engines.fit_standardization engines.fit_vision_prototypes engines.iou_metric
engines.keep_freed_memory engines.load_segmentation_split engines.load_split
engines.load_text_prototypes engines.load_texts engines.loss_metric engines.network_mpp
engines.segment_inferer.SlideWindowInferer engines.segment_input.SegmentationInput
engines.segment_settings.SegmentationSettings engines.segment_source.SlideToSegmentd
engines.segmentation_parameters engines.show_cause_last engines.start_from_texts
experiments.SegmentationSummary
losses.BranchLoss losses.PixelCrossEntropy losses.WeightedCrossEntropy losses.build_mil_objective
networks.LibraMIL networks.M2OTCA networks.SRMIL networks.SymmetryAverage networks.TransUNi
networks.build_mil_baseline networks.encoders.build_pixel_encoder
outputs.PictureSettings outputs.PrototypeSheets outputs.RunFiles outputs.SegmentationPanels
outputs.SegmentationRunFiles outputs.SegmentationScores outputs.SlideOutputs
outputs.read_run_json outputs.segmentation_files.SegmentationFiles
outputs.segmentation_outputs.SegmentationOutputs
transforms.LoadBagd transforms.LoadImageMaskd transforms.RandSquared transforms.RegionPartitiond
transforms.StrongViewsd
"""

TARGETS = frozenset(
    [*_MONAI.split(), *_TORCH.split()]
    + [f"monai_ext.{name}" for name in _OURS.split()]
    + [name.rsplit(".", 1)[-1] for name in _OURS.split()]  # as MONAI finds them by short names
)
"""Names for ``_target_``. None of them imports or runs what its arguments name, and those that
write take the place from an argument of :data:`WRITTEN`."""

WRITTEN = frozenset({"output_dir", "log_dir", "path"})
"""Arguments of targets that are places to write to."""

CALLABLE = frozenset(
    {
        "monai_ext.engines.check_masks",
        "monai_ext.engines.fit_standardization",
        "monai_ext.engines.fit_vision_prototypes",
        "monai_ext.engines.start_from_texts",
        "monai_ext.outputs.read_run_json",
    }
)
"""Targets that write nothing: they may be handed on uncalled (``_mode_: callable``), for an
expression calls them with arguments of its own."""
