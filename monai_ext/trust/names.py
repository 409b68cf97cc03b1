"""What an expression may name: exact functions, attributes and modules."""

from __future__ import annotations

MODULES = frozenset({"monai", "monai_ext", "torch"})
"""What ``$import X`` may name."""

BUILTINS = frozenset(
    [
        "abs",
        "bool",
        "dict",
        "float",
        "int",
        "len",
        "list",
        "max",
        "min",
        "round",
        "set",
        "sorted",
        "str",
        "sum",
        "tuple",
    ]
)

IMPORTED = frozenset(
    {
        "operator.itemgetter",
        "monai_ext.data.bag_lengths",
        "monai_ext.data.collate_bags",
        "monai_ext.engines.begin_from",
        "monai_ext.engines.check_selection",
        "monai_ext.engines.check_ssl",
        "monai_ext.engines.is_lower",
        "monai_ext.engines.items_to_score",
        "monai_ext.engines.prepare_paired_batch",
        "monai_ext.engines.require_levels",
        "monai_ext.engines.segment_source.lone_item",
        "monai_ext.engines.segment_source.slide_of_batch",
        "monai_ext.flags.as_bool",
        "monai_ext.flags.as_path",
        "monai_ext.hashing.state_hash",
        "monai_ext.outputs.bundle_folder",
        "monai_ext.outputs.read_inference_values",
    }
)
"""What ``$from X import Y`` may name."""

WRITING = {
    "begin_from": 2,
    "check_selection": 2,
    "check_ssl": 2,
    "items_to_score": 3,
    "require_levels": 2,
}
"""Of functions that may write, which argument is the place (of a traceback)."""

DOTTED = frozenset(
    {
        "monai.data.set_track_meta",
        "monai.data.utils.worker_init_fn",
        "monai.handlers.from_engine",
        "monai.utils.set_determinism",
        "torch.bfloat16",
        "torch.cuda.is_available",
        "torch.device",
        "torch.float16",
        "torch.float32",
        "torch.float64",
        "torch.int64",
        "torch.nn.ModuleList",
    }
)
"""Names below a module that expressions may use; nothing else below one."""

ATTRIBUTES = frozenset(
    [
        "check",
        "class_names",
        "class_weights",
        "combine",
        "count",
        "device",
        "dim",
        "ema_model",
        "failed",
        "get",
        "in_channels",
        "instance_names",
        "is_done",
        "is_first",
        "items",
        "levels",
        "num_classes",
        "num_instances",
        "parameters",
        "parent",
        "rank",
        "record",
        "run",
        "shape",
        "slides_dir",
        "split_hash",
        "start",
        "startswith",
        "state_dict",
        "stop",
        "test",
        "to",
        "training",
        "type",
        "unlabelled",
        "validation",
    ]
)
"""What may stand behind the dot of a reference or of a value."""
