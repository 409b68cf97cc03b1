"""Where the features of an extraction go, and which of them are there already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from monai_ext import __version__
from monai_ext.data.feature_layout import feature_path
from monai_ext.data.feature_store import write_features
from monai_ext.data.read_feature import read_facts
from monai_ext.data.slide_features import FeatureFacts, SlideFeatures, nominal_magnification
from monai_ext.engines.extraction_encoder import STAND_IN_NOTE
from monai_ext.engines.extraction_settings import ExtractionSettings
from monai_ext.errors import FeatureError, SettingError
from monai_ext.hashing import json_hash
from monai_ext.networks.encoders import PatchEncoder


class SaveFeatures:
    """Writes one feature file a level, and knows which files of this request exist.

    A file belongs to this extraction if it is ours and carries the same request hash, encoder,
    weights and transform. A slide is redone if what the user gave for it (mpp, tissue) changed.

    Args:
        settings: the request.
        encoder: whose features they are.
    """

    def __init__(self, settings: ExtractionSettings, encoder: PatchEncoder) -> None:
        self.settings, self.encoder = settings, encoder
        self._identity: dict[str, Any] = {}

    @property
    def identity(self) -> dict[str, Any]:
        """What all files of this extraction agree on."""
        if not self._identity:
            self._identity = {
                "request_hash": self.settings.spec.request_hash,
                "encoder_id": self.encoder.encoder_id,
                "weight_hash": self.encoder.weight_hash,
                "transform_hash": self.encoder.transform_hash,
            }
        return self._identity

    def paths(self, slide: str) -> list[Path]:
        """One file a level, finest first."""
        spec, encoder_id = self.settings.spec, self.encoder.encoder_id
        return [
            feature_path(
                self.settings.output, nominal_magnification(mpp), spec.tile_px, encoder_id, slide
            )
            for mpp in spec.mpps
        ]

    def is_done(self, slide: str, level: int, given: Mapping[str, Any]) -> bool:
        """Whether this level of the slide exists, from the same request and ``given`` values."""
        facts = _facts(self.paths(slide)[level])
        return (
            facts is not None
            and all(getattr(facts, name) == value for name, value in self.identity.items())
            and facts.attrs.get("given") == dict(given)
        )

    def refuse_other_requests(self, slides: list[str]) -> None:
        """Look at the slides' files, and at one file of every other level and encoder there.

        Raises:
            SettingError: if one is of another request, other weights, or another tool.
        """
        own = [path for slide in slides for path in self.paths(slide)]
        for path in [*own, *self._one_of_each_other_folder({path.parent for path in own})]:
            facts = _facts(path)
            if facts is not None and (found := self._difference(facts, is_own=path in own)):
                raise SettingError(
                    f"{path} has {found}",
                    "one folder holds the features of one request",
                    "give another --output_dir, or move that folder away",
                )

    def __call__(self, data: Mapping[str, Any]) -> Path:
        """Write one level.

        Args:
            data: ``slide``, ``reader``, ``grid``, ``level``, ``features`` ``[N, D]``, ``given``.

        Returns:
            The file.

        Raises:
            FeatureError: if a feature is NaN or infinite.
        """
        grid, level, info = data["grid"], data["level"], data["reader"].info
        tiles = grid.levels[level]
        item = SlideFeatures(
            slide=data["slide"],
            features=data["features"],
            coords=grid.coords(level),
            step_px=tiles.step_px,
            tile_px=grid.spec.tile_px,
            overlap_px=0,
            mpp=grid.effective_mpps[level],
            slide_mpp=grid.slide_mpp,
            grid_level=tiles.level,
            slide_hash=info.slide_hash,
            level0_size=(info.width, info.height),
            request=grid.spec.request(),
            attrs=self._attrs(data),
            **self.identity,
        )
        return write_features(self.paths(data["slide"])[level], item)

    def provenance(self, slide_hash: str) -> str:
        """The id of slide, grid and encoder that outputs carry; split and checkpoint are none."""
        links = {"slide_hash": slide_hash, "split_hash": None, "checkpoint_hash": None}
        names = ("request_hash", "encoder_id", "weight_hash")
        return json_hash(links | {name: self.identity[name] for name in names})

    def _attrs(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "given": dict(data["given"]),
            "reader": data["reader"].backend,
            "tissue_method": data["tissue"].method,
            "upsample": data["grid"].upsample,
            "encoder_licence": self.encoder.licence,
            "monai_ext": __version__,
        } | ({"note": STAND_IN_NOTE} if self.encoder.is_stand_in else {})

    def _one_of_each_other_folder(self, own: set[Path]) -> Iterator[Path]:
        for folder in sorted(self.settings.output.glob("*x_*px_*px_overlap/features_*")):
            first = next(iter(sorted(folder.glob("*.h5"))), None)
            if folder not in own and first is not None:
                yield first

    def _difference(self, facts: FeatureFacts, *, is_own: bool) -> str:
        if facts.source != "monai_ext":
            return f"features made by {facts.source}" if is_own else ""
        if facts.request_hash != self.identity["request_hash"]:
            return f"another request: {_changes(facts.request or {}, self.settings.spec.request())}"
        same_encoder = facts.encoder_id == self.identity["encoder_id"]
        for name in ("weight_hash", "transform_hash"):
            if same_encoder and getattr(facts, name) != self.identity[name]:
                return f"another {name} of encoder {facts.encoder_id}: {getattr(facts, name)}"
        return ""


def _facts(path: Path) -> FeatureFacts | None:
    """None where there is no readable file: then it is written anew."""
    try:
        return read_facts(path)
    except FeatureError:
        return None


def _changes(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    names = sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
    return "; ".join(f"{name}={found.get(name)}, now {wanted.get(name)}" for name in names)
