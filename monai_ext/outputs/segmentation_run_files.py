"""What a segmentation run's folder says of itself before training starts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monai_ext.atomic import write_atomically
from monai_ext.errors import SettingError
from monai_ext.outputs.run_files import INFERENCE_FILE, METADATA_FILE, bundle_folder
from monai_ext.outputs.run_json import RunRecord, write_run_json


class SegmentationRunFiles:
    """Writes a run's record, its own inference config, and its metadata.

    ``inference.json`` is the bundle's, with this run's values in place of the bundle's defaults
    and its checkpoint named, so that it runs alone.

    Args:
        bundle_root: folder of the bundle; where it is no bundle, the one whose config is running.
        class_names: background first.
        seed: of the run.
        split_hash: of the datalist.
        encoder_id: of the patch encoder.
        weight_hash: of the encoder's weights before training.
        values: config ids of ``inference.json`` and their values in this run.
        facts: anything else for the record, e.g. of the texts.
    """

    def __init__(
        self,
        bundle_root: Path | str,
        *,
        class_names: Sequence[str],
        seed: int,
        split_hash: str,
        encoder_id: str,
        weight_hash: str | None,
        values: Mapping[str, Any],
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        self.bundle_root, self.class_names = bundle_root, tuple(class_names)
        self.seed, self.split_hash = int(seed), split_hash
        self.encoder_id, self.weight_hash = encoder_id, weight_hash
        self.values, self.facts = dict(values), dict(facts or {})

    def write(self, folder: Path) -> None:
        """Write the files into the run folder.

        Raises:
            SettingError: if the bundle's own configs are not found or lack an id of ``values``.
        """
        configs = bundle_folder(self.bundle_root) / "configs"
        template = json.loads((configs / INFERENCE_FILE).read_text(encoding="utf-8"))
        own = {
            **self.values,
            "class_names": list(self.class_names),
            "split_hash": self.split_hash,
            "ckpt_path": str(folder.resolve() / "model.pt"),
        }
        unknown = sorted(set(own) - set(template))
        if unknown:
            raise SettingError(
                f"inference.json of {configs.parent.name} has no {', '.join(unknown)}",
                "each value of a run stands in both configs under the same id",
                "add the ids",
            )
        metadata = json.loads((configs / "metadata.json").read_text(encoding="utf-8"))
        record = RunRecord(
            bundle=configs.parent.name,
            bundle_version=metadata["version"],
            class_names=self.class_names,
            grid={},
            encoder_id=self.encoder_id,
            weight_hash=self.weight_hash,
            split_hash=self.split_hash,
            seed=self.seed,
            extra={"values": self.values, **self.facts},
        )
        write_run_json(folder, record)
        _write(folder / INFERENCE_FILE, template | own)
        _write(folder / METADATA_FILE, self._described(metadata))

    def _described(self, metadata: dict[str, Any]) -> dict[str, Any]:
        """The bundle's metadata with this run's classes."""
        form = metadata["network_data_format"]
        classes = {str(i): name for i, name in enumerate(self.class_names)}
        found = {"num_channels": len(classes), "channel_def": classes}
        outputs = {"pred": form["outputs"]["pred"] | found}
        return metadata | {"network_data_format": form | {"outputs": outputs}}


def _write(path: Path, content: Mapping[str, Any]) -> None:
    with write_atomically(path) as partial:
        partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
