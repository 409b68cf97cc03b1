"""What a run folder says of itself before training starts: record, configs, metadata."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monai_ext.atomic import write_atomically
from monai_ext.data import read_facts
from monai_ext.errors import SettingError
from monai_ext.ops.bag_layout import NUM_INDEX_ROWS
from monai_ext.outputs.run_json import RunRecord, write_run_json

INFERENCE_FILE, METADATA_FILE = "inference.json", "metadata.json"


class RunFiles:
    """Writes a run's record, its own inference config, and its metadata.

    ``inference.json`` is the bundle's, with this run's values in place of the bundle's defaults
    and its checkpoint named, so that it runs alone:
    ``python -m monai.bundle run --config_file RUN/inference.json --dataset_dir D --output_dir O``.

    Args:
        bundle_root: folder of the bundle; where it is no bundle, the one whose config is running
            (MONAI puts its folder on the module search path).
        class_names: in label order.
        seed: of the run.
        split_hash: of the datalist.
        files: feature files of one training slide, finest first: they say the grid and encoder.
        values: config ids of ``inference.json`` and their values in this run.
    """

    def __init__(
        self,
        bundle_root: Path | str,
        *,
        class_names: Sequence[str],
        seed: int,
        split_hash: str,
        files: Sequence[Path | str],
        values: Mapping[str, Any],
    ) -> None:
        self.bundle_root, self.class_names = bundle_root, tuple(class_names)
        self.seed, self.split_hash = int(seed), split_hash
        self.files = [files] if isinstance(files, (str, Path)) else list(files)
        self.values = dict(values)

    def write(self, folder: Path) -> None:
        """Write the files into the run folder.

        Raises:
            SettingError: if the bundle's own configs are not found or lack an id of ``values``.
        """
        configs = bundle_folder(self.bundle_root) / "configs"
        template = json.loads((configs / INFERENCE_FILE).read_text(encoding="utf-8"))
        unknown = sorted(set(self.values) - set(template))
        if unknown:
            raise SettingError(
                f"inference.json of {configs.parent.name} has no {', '.join(unknown)}",
                "each value of a run stands in both configs under the same id",
                "add the ids",
            )
        own = {
            "class_names": list(self.class_names),
            "ckpt_path": str(folder.resolve() / "model.pt"),
        }
        filled = template | self.values | self._features_of(template) | own
        with write_atomically(folder / INFERENCE_FILE) as path:
            path.write_text(json.dumps(filled, indent=2) + "\n", encoding="utf-8")
        metadata = json.loads((configs / "metadata.json").read_text(encoding="utf-8"))
        write_run_json(folder, self._record(configs.parent.name, metadata["version"]))
        with write_atomically(folder / METADATA_FILE) as path:
            path.write_text(
                json.dumps(self._described(metadata), indent=2) + "\n", encoding="utf-8"
            )

    def _described(self, metadata: dict[str, Any]) -> dict[str, Any]:
        """The bundle's metadata with this run's widths and classes."""
        form = metadata["network_data_format"]
        widest = max(read_facts(path).shape[1] for path in self.files)
        bag = form["inputs"]["image"] | {"num_channels": NUM_INDEX_ROWS + widest}
        classes = {str(i): name for i, name in enumerate(self.class_names)}
        found = {"num_channels": len(classes), "channel_def": classes}
        both = {"inputs": {"image": bag}, "outputs": {"pred": form["outputs"]["pred"] | found}}
        return metadata | {"network_data_format": form | both}

    def _features_of(self, template: Mapping[str, Any]) -> dict[str, Any]:
        """Grid and encoder of the training features, under the ids that extraction uses."""
        facts = read_facts(self.files[0])
        request = {k: v for k, v in dict(facts.request or {}).items() if k in template}
        known = {
            "encoder": facts.encoder_id,
            "weight_hash": facts.weight_hash,
            "split_hash": self.split_hash,
            "can_extract": facts.request is not None,
        }
        return request | {k: v for k, v in known.items() if k in template}

    def _record(self, bundle: str, bundle_version: str) -> RunRecord:
        facts = [read_facts(path) for path in self.files]
        return RunRecord(
            bundle=bundle,
            bundle_version=bundle_version,
            class_names=self.class_names,
            grid=dict(facts[0].request or {}),
            encoder_id=facts[0].encoder_id,
            weight_hash=facts[0].weight_hash,
            split_hash=self.split_hash,
            seed=self.seed,
            extra={
                "request_hash": facts[0].request_hash,
                "mpps": [item.mpp for item in facts],
                "widths": [item.shape[1] for item in facts],
                "values": self.values,
            },
        )


def bundle_folder(bundle_root: Path | str) -> Path:
    """The running bundle's folder: ``bundle_root`` if it is one, else the first on ``sys.path``.

    Raises:
        SettingError: if there is none.
    """
    for place in (Path(str(bundle_root)), *map(Path, sys.path)):
        if (place / "configs" / "metadata.json").is_file():
            return place.resolve()
    raise SettingError(
        f"bundle_root {bundle_root} holds no configs/metadata.json",
        "a run names the bundle that it is made with",
        "give --bundle_root",
    )
